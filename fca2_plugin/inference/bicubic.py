"""Cubic interpolation as a network: the lower bound in every table."""

from collections.abc import Iterator

from torch import Tensor, nn

from fca2_plugin.geometry import CENTRED
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.resize import bicubic_enlarge

__all__ = ["Bicubic", "enlarge"]


def enlarge(clip: Tensor, scale: int) -> Tensor:
    """Enlarge (n, t, c, h, w) to (n, t, c, s*h, s*w), with a = -0.5 as in most tools."""
    if scale == 1:
        return clip
    larger = bicubic_enlarge(clip.flatten(0, 1), scale, a=-0.5)
    return larger.clamp_(0, 1).unflatten(0, clip.shape[:2])


class Bicubic(nn.Module):
    """Cubic interpolation in the form of a network.

    Args:
        scale: Scaling factor.

    Shape:
        (n, t, c, h, w) to (n, t, c, s*h, s*w).
    """

    context_frames = 0

    def __init__(self, scale: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.spec = NetSpec(scale=scale, phase=CENTRED)

    def forward(self, lq: Tensor) -> Tensor:
        return enlarge(lq, self.scale)

    def stream_frames(self, lq: Tensor, *, keep: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of the result in order; see ``StreamsFrames``."""
        return (enlarge(frame[:, None], self.scale)[:, 0] for frame in lq[:, keep].unbind(1))
