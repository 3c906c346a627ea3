"""Where a checkpoint is: a file, the newest whole one in the folder of a run, or an address."""

import re
import warnings
import zipfile
from pathlib import Path

import torch

__all__ = ["find_checkpoint", "is_whole", "newest_checkpoint"]

# What the hosts write: MMagic beside its pointer, BasicSR under models/.
_NUMBERED = (r"(?:iter|epoch)_(\d+)\.pth", r"net_g_(\d+)\.pth")
_FOLDERS = (".", "models")


def find_checkpoint(path: str | Path) -> Path:
    """The file itself, the newest one in the folder of a run of either host, or a URL's download.

    Raises:
        FileNotFoundError: None of them is there.

    Example:
        >>> Path("run").mkdir()
        >>> torch.save({"state_dict": {"weight": torch.zeros(2)}}, "run/iter_600.pth")
        >>> find_checkpoint("run").name
        'iter_600.pth'
    """
    if str(path).startswith(("http://", "https://")):
        return _download(str(path))
    path = Path(path).expanduser()
    if path.is_file():
        return path
    if not path.is_dir():
        raise FileNotFoundError(
            f"there is no checkpoint at {path}; run the stage that writes it first, or correct the "
            "path"
        )
    newest = newest_checkpoint(path)
    if newest is None:
        raise FileNotFoundError(
            f"there is no checkpoint in {path}; expected iter_*.pth or the file named in "
            "last_checkpoint (MMagic), or models/net_g_*.pth (BasicSR); run the training that "
            f"writes it first, or name the .pth file itself{_elsewhere(path)}"
        )
    return newest


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint that a run of either host left in this folder; None if none.

    The file that the run marked as its last counts by its name alone, so that a copied folder does
    not lead back to the original. Higher numbers win that were written after it: the run was
    prolonged, or killed between the two. Older ones are of an earlier run.
    If none is whole, the newest is returned.

    Example:
        >>> newest_checkpoint(Path(".")) is None
        True
    """
    numbers = _numbered(folder)
    best = sorted(numbers, key=numbers.__getitem__, reverse=True)
    marked = _marked(folder)
    if marked is not None:
        time, number = marked.stat().st_mtime, numbers.get(marked, -1)
        later = [p for p in best if numbers[p] > number and p.stat().st_mtime >= time]
        best = list(dict.fromkeys([*later, marked, *best]))
    whole = next((path for path in best if is_whole(path)), None)
    if whole is not None and whole != best[0]:
        damaged = ", ".join(path.name for path in best[: best.index(whole)])
        warnings.warn(f"{damaged} in {folder} is damaged, so {whole} is used", stacklevel=3)
    return whole or next(iter(best), None)


def is_whole(path: Path) -> bool:
    """Whether a file is complete, as far as can be seen without reading all of it.

    Example:
        >>> torch.save({"params": {"weight": torch.zeros(2)}}, "net.pth")
        >>> is_whole(Path("net.pth"))
        True
    """
    with path.open("rb") as file:
        start = file.read(4)
    return zipfile.is_zipfile(path) if start == b"PK\x03\x04" else bool(start)


def _numbered(folder: Path) -> dict[Path, int]:
    found = {}
    for name, pattern in zip(_FOLDERS, _NUMBERED, strict=True):
        for path in (folder / name).glob("*.pth"):
            match = re.fullmatch(pattern, path.name)
            if match and path.is_file():
                found[path] = int(match.group(1))
    return found


def _marked(folder: Path) -> Path | None:
    """What the run says that it wrote last."""
    pointer = folder / "last_checkpoint"
    names = [re.split(r"[/\\]", _text(pointer))[-1]] if pointer.is_file() else []
    candidates = [folder / name for name in names if name]
    candidates.append(folder / "models" / "net_g_latest.pth")  # of a finished run
    return next((path for path in candidates if path.is_file()), None)


def _text(pointer: Path) -> str:
    return pointer.read_text(encoding="utf-8", errors="replace").strip()


def _elsewhere(folder: Path) -> str:
    """Where a pointer leads that is not followed."""
    pointer = folder / "last_checkpoint"
    if not pointer.is_file():
        return ""
    return f"; last_checkpoint names {_text(pointer)!r}, which is not in this folder"


def _download(url: str) -> Path:
    target = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(target))
        except OSError as error:
            raise FileNotFoundError(
                f"could not download {url} ({error}); download it on another machine and name the "
                f"local file, or place it at {target}"
            ) from error
    return target
