"""A look between a network's layers: whether somebody stopped it, and how far it is."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from fca2_plugin.apps.upscale.clock import Clock
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.sizes import Sizes
from fca2_plugin.inference.tiles import spans
from fca2_plugin.inference.windows import Window

__all__ = ["Pulse", "Stopped"]

TRIAL_SIDE = 64  # every network takes this size
WORTH_A_TRIAL = 8  # a chunk must be so much larger than the trial that counts its calls
TELL_SECONDS = 1.0


class Stopped(Exception):
    """Ends the work of a thread whose results nobody waits for any more."""


class Pulse:
    """Counts the calls of a network's layers while it is entered.

    Args:
        network: Any.
        clock: Hears now and then, from the network's thread, which share of a chunk is done.
    """

    def __init__(self, network: nn.Module, clock: Clock) -> None:
        self.network, self.clock = network, clock
        self._stopped = threading.Event()
        self._hooks: list[Any] = []
        self._known: dict[int, int] = {}  # calls for a clip of so many frames
        self._frames = self._tiles = self._count = self._expected = 0
        self._told = time.monotonic()

    def __enter__(self) -> "Pulse":
        self._hooks = [m.register_forward_pre_hook(self._beat) for m in self.network.modules()]
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
        try:
            yield
        except BaseException:
            self._stopped.set()
            raise

    def follow(self, windows: Iterable[Window]) -> Iterator[Window]:
        """Yield windows, each of which then goes through the network."""
        for window in windows:
            self.clock.enter(window.keep.stop - window.keep.start)
            yield window
            self.clock.leave()

    def watch(
        self, runner: ClipRunner, to_clip: Callable[[Any], Tensor], sizes: Sizes
    ) -> Callable[[Any], Tensor]:
        """Make clips as ``to_clip`` does, each of which then goes through the network."""

        def begin(pictures: Any) -> Tensor:
            clip = to_clip(pictures)
            sides = clip.shape[-2:]
            self._frames = clip.shape[1]
            self._tiles = math.prod(len(spans(s, sizes.tile, sizes.overlap)) for s in sides)
            is_known = self._frames in self._known
            if not is_known and sides.numel() >= WORTH_A_TRIAL * TRIAL_SIDE**2:
                self._count = self._expected = 0
                runner(torch.zeros_like(clip[..., :TRIAL_SIDE, :TRIAL_SIDE]))
                self._known[self._frames] = self._count
            self._count, self._expected = 0, self._tiles * self._known.get(self._frames, 0)
            return clip

        return begin

    def end(self) -> None:
        """The clip went through the network."""
        if self._count:
            self._known[self._frames] = self._count // self._tiles
        self._count = self._expected = 0
        self.clock.share_of_chunk(1.0)

    def _beat(self, module: nn.Module, args: object) -> None:
        self.check()
        self._count += 1
        if self._expected and time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            self.clock.share_of_chunk(min(1.0, self._count / self._expected))
            self.clock.say()
