"""What every frame autoencoder of FCA² has: groups of frames, to codes, to frames."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from fca2_plugin.ops.frame_groups import FrameGroup

__all__ = ["Autoencoder", "Codes"]


class Codes(NamedTuple):
    """Frames, encoded.

    Attributes:
        images: One for each group, (n, K, 3, h, w); (n, K, 3, s*h, s*w) once super-resolved.
        guide: What decoding needs beside them; its type is the autoencoder's own.
    """

    images: Tensor
    guide: Any


class Autoencoder(Protocol):
    """A module that ``FCA2Net`` can put around a VSR network.

    Attributes:
        phase: Position in their blocks of the LQ pixels that its decoder enlarges; None if the
            decoder learns it.
        takes_groups: Whether it encodes groups of any size around any key frames, or its own alone.
        has_plain_codes: Whether codes are key frames as they are, whatever has been learned.
    """

    phase: str | None
    takes_groups: bool
    has_plain_codes: bool

    @property
    def min_frames(self) -> int:
        """Frames that fill one of its own groups."""

    def num_codes(self, num_frames: int) -> int:
        """How many groups of its own so many frames make."""

    def plan(self, num_frames: int) -> tuple[FrameGroup, ...]:
        """Its own groups of so many frames; the key of one is its middle frame."""

    def encode(self, x: Tensor, groups: Sequence[FrameGroup] | None = None) -> Codes:
        """Encode frames (n, t, 3, h, w); None is its own groups."""

    def decode(self, codes: Codes) -> Tensor:
        """Decode into frames (n, t, 3, s*h, s*w)."""
