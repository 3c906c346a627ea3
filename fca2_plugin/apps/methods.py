"""A network as a method of ``scoring``."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from fca2_plugin._torch import out_of_memory_said
from fca2_plugin.apps.pairs import ClipPair
from fca2_plugin.codec import YuvFile
from fca2_plugin.data import MfqePair, media_frames
from fca2_plugin.data.media import media_types
from fca2_plugin.inference.enhance import enhance_pair
from fca2_plugin.inference.facts import count_parameters, device_name
from fca2_plugin.inference.run import Result, run_windows, to_clip, to_frames
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.windows import Window, fit_context, shot_windows
from fca2_plugin.ops.group_plan import GroupPlan

__all__ = ["NetworkMethod"]


class NetworkMethod:
    """A network as a method of ``scoring``.

    Raw video goes through an enhancement network frame by frame (``enhance_video``), anything else
    whole or in chunks.

    Args:
        runner: The network.
        chunk: Frames that it sees at once; None is the whole clip.
        context: Of them, frames on each side that only help; by the network where None.
    """

    def __init__(
        self, runner: ClipRunner, chunk: int | None = None, context: int | None = None
    ) -> None:
        self.runner = runner
        self.name = runner.name
        self.chunk = chunk
        if context is None:
            context = 0 if chunk is None else fit_context(runner.context, chunk, runner.align)
        self.context = context
        self._plans: list[dict] = []
        self._piece = 0  # its first frame
        if runner.groups_adapt:
            runner.network.follow = self._recorded(runner.network.follow)

    def facts(self) -> dict[str, object]:
        """Return what a table says of a network."""
        device = device_name(self.runner.device)
        return {"params": count_parameters(self.runner.network), "device": device}

    def clip_facts(self) -> dict[str, object]:
        """Return what is known of the last clip: how an adaptive network grouped its frames."""
        return {"plans": self._plans} if self._plans else {}

    def __call__(self, pair: ClipPair) -> Iterator[tuple[np.ndarray, float]]:
        """Yield the clip's frames, and the network's milliseconds since the frame before.

        Raises:
            ValueError: The output has another number of frames, or holds NaN or infinity.
        """
        if isinstance(pair.lq, YuvFile) and hasattr(self.runner.network, "step"):
            yield from self._enhance(pair)
            return
        self._plans = []
        shot = 0, pair.num_frames
        windows = shot_windows(
            shot, *shot, chunk=self.chunk, context=self.context, align=self.runner.align
        )
        types = pair.types
        if types is None and self.runner.plans_shots:
            types = media_types(pair.need("lq"))
        results = run_windows(
            self.runner,
            media_frames(pair.need("lq")),
            self._noted(windows),
            partial(to_clip, device=self.runner.device),
            types=types or "",
        )
        try:
            with out_of_memory_said(
                f"{self.chunk or pair.num_frames} frames do not fit in the memory of "
                f"{self.runner.device} with {self.name}; process fewer at once with --chunk"
            ):
                for result in results:
                    yield _to_array(result), 1000 * result.seconds
        except ValueError as error:
            raise ValueError(f"{pair.label}: {error}") from error

    def _enhance(self, pair: ClipPair) -> Iterator[tuple[np.ndarray, float]]:
        start = time.perf_counter()
        videos: tuple[Any, Any] = pair.gt, pair.need("lq")  # raw ones: the protocol takes no other
        for frame in enhance_pair(self.runner, MfqePair(pair.label, *videos)):
            yield frame, 1000 * (time.perf_counter() - start)
            start = time.perf_counter()

    def _noted(self, windows: Iterable[Window]) -> Iterator[Window]:
        for window in windows:
            self._piece = window.start
            yield window

    def _recorded(self, plan: Callable) -> Callable:
        def planned(frames: Tensor) -> GroupPlan:
            found = plan(frames)
            sizes, cuts = list(found.sizes), list(found.cuts)
            self._plans.append({"first_frame": self._piece, "sizes": sizes, "cuts": cuts})
            return found

        return planned


def _to_array(result: Result[np.ndarray]) -> np.ndarray:
    """``uint8`` RGB; luma as it is, neither clipped nor rounded, for that is how it is compared."""
    if result.source.ndim == 2:
        return result.image[0].float().cpu().numpy()
    return to_frames(result.image[None, None])[0]
