"""How far a job is, and when the rest will be done."""

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from fca2_plugin.apps.upscale.result import Progress, ProgressCallback
from fca2_plugin.codec.picture import Picture

__all__ = ["Clock"]


class Clock:
    """Counts frames that are encoded, and the parts of chunks that went through the network.

    Args:
        source: The file.
        total: Frames that are to be made in this run.
        tell: Told of each, and in between.
    """

    def __init__(self, source: Path, total: int, tell: ProgressCallback) -> None:
        self.source, self.total, self.tell = source, total, tell
        self.done = self._through = self._inside = 0
        self._share = 0.0  # of those inside
        self._begun = time.perf_counter()
        self._one_at_a_time = threading.Lock()  # the network and the encoder have threads

    def enter(self, frames: int) -> None:
        """So many frames go into the network now."""
        self._inside, self._share = frames, 0.0

    def share_of_chunk(self, share: float) -> None:
        """So far is the network with the frames that are in it."""
        self._share = share

    def leave(self) -> None:
        """They came out."""
        self._through += self._inside
        self._inside = 0

    def watch(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        """Yield pictures and tell of each."""
        for picture in pictures:
            yield picture
            self.done += 1
            self.say()

    def say(self) -> None:
        """Tell where it stands."""
        with self._one_at_a_time:
            self._say()

    def _say(self) -> None:
        made = self._through + self._share * self._inside
        made = min(max(made, self.done), self.total)  # what is made again counts twice
        fps = made / max(time.perf_counter() - self._begun, 1e-9)
        left = (self.total - made) / fps if fps else None
        share = made / self.total
        self.tell(Progress(self.source, "upscale", self.done, self.total, fps, left, share))
