"""Follows frames through the network and the encoder: how far they are, and whether to go on.

A chunk of frames can take minutes in the network, so the calls of its layers are counted.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from fca2_plugin.apps.upscale.result import Progress, ProgressCallback
from fca2_plugin.codec.picture import Picture
from fca2_plugin.inference.runner import TRIAL_FRAMES, TRIAL_SIDE, ClipRunner
from fca2_plugin.inference.sizes import Sizes
from fca2_plugin.inference.tiles import spans
from fca2_plugin.inference.windows import Window

__all__ = ["Pulse", "Stopped"]

WORTH_A_TRIAL = 8  # a chunk must be so much larger than the trial that counts its calls
TELL_SECONDS = 1.0


class Stopped(Exception):
    """Ends the work of a thread whose results nobody waits for any more."""


class Pulse:
    """Tells how far a job is, and stops it, while it is entered.

    Args:
        source: The file.
        runner: The network.
        total: Frames that are to be made in this run.
        tell: Told of each, and now and then of a share of a chunk, from the network's thread.
    """

    def __init__(
        self, source: Path, runner: ClipRunner, total: int, tell: ProgressCallback
    ) -> None:
        self.source, self.runner, self.total, self.tell = source, runner, total, tell
        self._encoded = self._through = self._inside = 0  # frames: behind, and in the network
        self._calls = self._expected = 0  # of layers, for those that are inside
        self._known: dict[int, int] = {}  # calls for a clip of so many frames
        self._begun = self._told = time.perf_counter()
        self._stopped = threading.Event()
        self._one_at_a_time = threading.Lock()  # the network and the encoder have threads
        self._hooks: list[Any] = []

    def __enter__(self) -> "Pulse":
        modules = self.runner.network.modules()
        self._hooks = [module.register_forward_pre_hook(self._beat) for module in modules]
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            Stopped: Not.
        """
        if self._stopped.is_set():
            raise Stopped

    @contextmanager
    def stops_on_error(self) -> Iterator[None]:
        """Stop the network where an exception passes, Ctrl-C too."""
        self._stopped.clear()
        self._inside = self._expected = 0
        try:
            yield
        except BaseException:
            self._stopped.set()
            raise

    def follow(
        self, windows: Iterable[Window], size: tuple[int, int], sizes: Sizes
    ) -> Iterator[Window]:
        """Yield windows of frames of this ``size``, each of which then goes through the network."""
        tiles = math.prod(len(spans(side, sizes.tile, sizes.overlap)) for side in size)
        for window in windows:
            frames = window.stop - window.start
            if frames not in self._known and math.prod(size) >= WORTH_A_TRIAL * TRIAL_SIDE**2:
                self._known[frames] = self._trial(frames)
            with self._one_at_a_time:
                self._calls, self._expected = 0, tiles * self._known.get(frames, 0)
                self._inside = window.keep.stop - window.keep.start
            yield window
            with self._one_at_a_time:
                self._known[frames] = self._calls // tiles
                self._through += self._inside
                self._inside = self._expected = 0

    def encoded(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        """Yield pictures and tell of each that the encoder has taken."""
        for picture in pictures:
            yield picture
            self._encoded += 1
            self._say()

    def _trial(self, frames: int) -> int:
        """Estimate the calls for a clip by those for each frame of a small and short one."""
        self._calls = 0
        few = min(frames, -(-TRIAL_FRAMES // self.runner.align) * self.runner.align)
        deque(self.runner.stream(self.runner.trial_clip(few)), maxlen=0)  # keeps nothing
        return self._calls * frames // few

    def _beat(self, module: nn.Module, args: object) -> None:
        self.check()
        self._calls += 1
        if self._inside and time.perf_counter() - self._told >= TELL_SECONDS:
            self._told = time.perf_counter()
            self._say()

    def _say(self) -> None:
        with self._one_at_a_time:
            share = min(1.0, self._calls / self._expected) if self._expected else 0.0
            made = self._through + share * self._inside
            made = min(max(made, self._encoded), self.total)  # what is made again counts twice
            fps = made / max(time.perf_counter() - self._begun, 1e-9)
            left = (self.total - made) / fps if fps else None
            share = made / self.total
            self.tell(Progress(self.source, "upscale", self._encoded, self.total, fps, left, share))
