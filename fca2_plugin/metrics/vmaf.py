"""VMAF (Netflix) by an ffmpeg that has libvmaf.

The wheel ``imageio-ffmpeg`` brings one; else the one on the PATH is tried. Frames go to it through
a pipe, each pair as one picture, and are not stored. They are converted by swscale to YUV 4:4:4,
BT.601 limited range, of which the default model ``vmaf_v0.6.1`` reads the luma alone; 8 bit,
without frame-rate or size change. The model is made for 1080p at three heights' distance, so that
values of small clips compare with each other and not with those of other material.
"""

import contextlib
import importlib.util
import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin._requirements import install_line

__all__ = ["MODEL", "Vmaf", "find_ffmpeg"]

MODEL = "vmaf_v0.6.1"


@cache
def find_ffmpeg() -> str:
    """Return an ffmpeg with libvmaf.

    Raises:
        FileNotFoundError: There is none; the message says how to get one.
    """
    candidates = [shutil.which("ffmpeg")]
    if importlib.util.find_spec("imageio_ffmpeg") is not None:
        candidates.insert(0, require("imageio_ffmpeg", "vmaf").get_ffmpeg_exe())
    for path in filter(None, candidates):
        listed = subprocess.run([path, "-hide_banner", "-filters"], capture_output=True, text=True)
        if " libvmaf " in listed.stdout:
            return path
    raise FileNotFoundError(
        "VMAF needs an ffmpeg with libvmaf, but none was found; install one with "
        f"`{install_line('vmaf')}`"
    )


class Vmaf:
    """VMAF of a clip's frames, 0 to 100, higher is better."""

    name = "vmaf"

    def __init__(self) -> None:
        self._ffmpeg = find_ffmpeg()
        self._process: Any = None

    def add(self, sr: np.ndarray, gt: np.ndarray) -> None:
        """Send the next frames."""
        if self._process is None:
            self._process = self._start(*sr.shape[:2])
        with contextlib.suppress(BrokenPipeError):  # it has ended, and says why at the end
            self._process.stdin.write(np.concatenate([sr, gt]).tobytes())

    def finish(self) -> list[float]:
        """Wait for ffmpeg and return the values.

        Raises:
            ValueError: ffmpeg failed, or measured another number of frames than it got.
        """
        if self._process is None:
            return []
        with self._folder:
            _, said = self._process.communicate()
            log = Path(self._folder.name, "vmaf.json")
            if self._process.returncode or not log.is_file():
                lines = said.decode(errors="replace").strip().splitlines() or ["no message"]
                raise ValueError(f"{self._ffmpeg} could not measure VMAF: {lines[-1]}")
            frames = json.loads(log.read_text())["frames"]
        return [frame["metrics"]["vmaf"] for frame in frames]

    def _start(self, height: int, width: int) -> subprocess.Popen:
        self._folder = tempfile.TemporaryDirectory(prefix="fca2_vmaf_")
        size = f"{width}x{2 * height}"
        to_yuv = "scale=out_color_matrix=bt601:out_range=tv,format=yuv444p"
        half = f"crop={width}:{height}:0"
        graph = (
            f"split[a][b];[a]{half}:0,{to_yuv}[sr];[b]{half}:{height},{to_yuv}[gt];"
            f"[sr][gt]libvmaf=model=version={MODEL}:log_fmt=json:log_path=vmaf.json"
        )
        command = [self._ffmpeg, "-v", "error"]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", "25", "-i", "pipe:0"]
        return subprocess.Popen(
            [*command, "-lavfi", graph, "-f", "null", "-"],
            cwd=self._folder.name,  # a path in the graph would need escaping
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
