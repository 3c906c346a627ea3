"""Code blocks of the Markdown pages, and a folder where they run as a reader would paste them.

A comment above a block says when it is not simply run: ``<!-- file: NAME -->`` saves it, and
``<!-- not run: WHY -->`` leaves it out. Blocks of ``bash`` and ``python`` run, in the page's order.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fca2_plugin.codec import CodecSettings, write_video
from fca2_plugin.data import camera_clip, demo_clips, read_photo
from fca2_plugin.data.build import build_clips

__all__ = ["ROOT", "Block", "blocks", "fill_folder", "make_demo", "markdown_files", "run_block"]

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?:<!-- (?P<mark>file|not run): (?P<what>.+?) -->\n)?"
    r"^```(?P<language>[a-z]+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PROGRAMS = {
    "fca2": '#!/bin/sh\nexec "{python}" -m fca2_plugin.cli "$@"\n',
    "python": '#!/bin/sh\nexec "{python}" "$@"\n',
}


@dataclass(frozen=True)
class Block:
    """A block of code, and what the comment above it says."""

    language: str
    text: str
    file: str | None = None
    skipped: bool = False


def markdown_files() -> list[Path]:
    """README, the documentation, the configs' READMEs and the cards."""
    folders = ("*.md", "docs/**/*.md", "configs/**/*.md", "fca2_plugin/weights/*.md")
    return sorted(path for pattern in folders for path in ROOT.glob(pattern))


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of a page, in its order."""
    for found in FENCE.finditer(path.read_text(encoding="utf-8")):
        mark, what = found["mark"], found["what"]
        file = what if mark == "file" else None
        yield Block(found["language"], found["text"], file, mark == "not run")


def make_demo(root: Path) -> Path:
    """Few and small clips in the place of those that the tiny configs would make."""
    return build_clips(demo_clips(2, 1, 7, (144, 144)), root)


def fill_folder(folder: Path, demo: Path, python: Path) -> None:
    """What a reader has: ``fca2`` and ``python`` on the PATH, videos, and the configs' clips."""
    for name, command in PROGRAMS.items():
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(command.format(python=python))
        program.chmod(0o755)
    rng = np.random.default_rng(0)
    frames = camera_clip(read_photo("chelsea.png"), 16, (128, 160), rng)
    (folder / "videos").mkdir()
    write_video(folder / "videos" / "cat.mp4", frames, CodecSettings("libx264", crf=10))
    small = [frame[::4, ::4].copy() for frame in frames]
    write_video(folder / "in.mp4", small, CodecSettings("libx264", crf=25))
    (folder / "data").mkdir()
    (folder / "data" / "demo").symlink_to(demo)


def run_block(block: Block, folder: Path, replacing: Mapping[str, str] | None = None) -> str:
    """Save a block, or run it, and return what it printed; fail if it fails."""
    text = block.text
    for old, new in (replacing or {}).items():
        text = text.replace(old, new)
    if block.file:
        (folder / block.file).write_text(text, encoding="utf-8")
        return ""
    program = ["bash", "-eu"] if block.language == "bash" else [folder / "bin" / "python"]
    path = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    done = subprocess.run(
        [*program, "-c", text],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env={
            **os.environ,
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path),
            "OMP_NUM_THREADS": "1",
        },
    )
    assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
