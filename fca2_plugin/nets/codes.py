"""The interface of FCA²'s frame autoencoders: from groups of frames to codes, and back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from torch import Tensor

from fca2_plugin.ops.frame_groups import FrameGroup

__all__ = ["Autoencoder", "Codes", "StreamsDecoded"]


class Codes(NamedTuple):
    """Encoded frames.

    Attributes:
        images: One image per group, (n, K, 3, h, w); (n, K, 3, s*h, s*w) after super-resolution.
        guide: Other data for the decoder; each autoencoder has its own type.
    """

    images: Tensor
    guide: Any


class Autoencoder(Protocol):
    """A module that ``FCA2Net`` can put around a VSR network.

    Attributes:
        phase: Position of LQ pixels in their blocks that the decoder assumes; None if the decoder
            learns it.
        takes_groups: Whether it encodes groups of any size around any key frames; otherwise it
            encodes only its own groups.
        has_plain_codes: Whether codes are always unchanged key frames, even after training.
    """

    phase: str | None
    takes_groups: bool
    has_plain_codes: bool

    @property
    def min_frames(self) -> int:
        """Number of frames that fill one of its own groups."""

    def num_codes(self, num_frames: int) -> int:
        """Return the number of its own groups for ``num_frames`` frames."""

    def plan(self, num_frames: int) -> tuple[FrameGroup, ...]:
        """Return its own groups of ``num_frames`` frames; a group's key is its middle frame."""

    def encode(self, x: Tensor, groups: Sequence[FrameGroup] | None = None) -> Codes:
        """Encode frames (n, t, 3, h, w); ``groups=None`` uses its own groups."""

    def decode(self, codes: Codes) -> Tensor:
        """Decode into frames (n, t, 3, s*h, s*w)."""


@runtime_checkable
class StreamsDecoded(Protocol):
    """An autoencoder that can decode frame by frame, so that few exist at the result's size."""

    def stream_decoded(
        self, images: Iterable[Tensor], guide: Any, keep: slice = slice(None)
    ) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of ``decode(Codes(images, guide))[:, keep]`` in order.

        Args:
            images: Parts of the codes in order, (n, k, 3, s*h, s*w), from the first that these
                frames need (``groups_of``). A part is taken when a frame needs it, and released
                after the last frame that does.
            guide: The guide of all frames.
            keep: The frames that are wanted.
        """
