"""An enhancement network before a VSR network, as one network on clips.

In the "STDF + VSR" rows of FCA²'s tables, one network removes coding noise, the next one enlarges,
and both are trained together. The first can be any network of scale 1 on clips.
"""

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn

from fca2_plugin.nets.fitted import check_takes_clips, run_fitted, stream_fitted
from fca2_plugin.nets.spec import NetSpec, context_of

__all__ = ["FrontEnd"]

_VSR = "the VSR network"


class FrontEnd(nn.Module):
    """Enhances every frame of a clip, then super-resolves the clip.

    ::

        lq (n,t,3,h,w) - front - (n,t,3,h,w) - vsr - sr (n,t,3,s*h,s*w)

    The clip is padded to the size that each of them needs.

    Args:
        front: Network from clips to clips of the same size.
        vsr: Network from clips to clips, s times as high and wide.
        front_spec: Requirements of ``front`` on its input, if it has no ``spec`` of its own.
        vsr_spec: Requirements of ``vsr`` on its input, if it has no ``spec`` of its own.

    Shape:
        (n, t, 3, h, w) to (n, t, 3, s*h, s*w), any size and length.

    Raises:
        ValueError: One of them is known to take windows or images, or its result has another shape.

    Example:
        >>> from fca2_plugin.nets import CompactVSRNet, STDFNet
        >>> front = STDFNet(radius=1, in_channels=3, mid_channels=8)
        >>> FrontEnd(front, CompactVSRNet(8, 1))(torch.rand(1, 3, 3, 16, 16)).shape
        torch.Size([1, 3, 3, 64, 64])
    """

    #: Networks that a host builds from its config, and where the spec of each goes.
    SLOTS: ClassVar[dict[str, str]] = {"front": "front_spec", "vsr": "vsr_spec"}

    def __init__(
        self,
        front: nn.Module,
        vsr: nn.Module,
        front_spec: NetSpec | None = None,
        vsr_spec: NetSpec | None = None,
    ) -> None:
        super().__init__()
        self.front = front
        self.vsr = vsr
        self.front_spec = front_spec or getattr(front, "spec", None) or NetSpec(scale=1)
        self.vsr_spec = vsr_spec or getattr(vsr, "spec", None) or NetSpec(scale=None)
        check_takes_clips(front, self.front_spec, "FrontEnd", "front")
        check_takes_clips(vsr, self.vsr_spec, "FrontEnd", "vsr")
        if self.front_spec.scale not in (None, 1):
            raise ValueError(
                f"front={type(front).__name__} enlarges {self.front_spec.scale} times; expected a "
                "network of scale 1, such as FCA2STDFNet; the network that enlarges belongs in vsr"
            )

    @property
    def spec(self) -> NetSpec:
        """Requirements on the input: any size and length, because clips are padded inside."""
        return NetSpec(scale=self.vsr_spec.scale, phase=self.vsr_spec.phase)

    @property
    def context_frames(self) -> int:
        """Number of frames on each side of a window that affect its result, for both networks."""
        return context_of(self.front) + context_of(self.vsr)

    def forward(self, lq: Tensor) -> Tensor:
        return run_fitted(self.vsr, self.vsr_spec, self._enhance(lq), _VSR)

    def stream_frames(self, lq: Tensor, *, keep: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of the result in order; see ``StreamsFrames``."""
        return stream_fitted(self.vsr, self.vsr_spec, self._enhance(lq), _VSR, keep)

    def _enhance(self, lq: Tensor) -> Tensor:
        return run_fitted(self.front, self.front_spec, lq, "the network in front")
