"""RFDA: recursive fusion and deformable spatio-temporal attention (Zhao et al., ACM MM 2021).

The structure is that of the released model, with 1,270,430 parameters (its README says 1250 K).
STDF-R3 fuses the window. A second fusion, of single pixels, reads a state that runs through the
whole video and starts at zero. ``stream`` takes and returns the state; it is not stored here.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.layers.deform import DeformConv, DeformFusion, zero_conv
from fca2_plugin.nets.enhancer import Enhancer
from fca2_plugin.nets.spec import RECURRENT_CONTEXT
from fca2_plugin.ops.frame_groups import pick_frames
from fca2_plugin.ops.windows import window_indices

__all__ = ["RFDANet"]

# the weight of the recalled features, from the released model
_RECALLED = 0.2


class DSTA(nn.Module):
    """Deformable spatio-temporal attention: weighs pixels and channels.

    ::

        x - 1x1 -+- conv s2 - maxpool -+- deformable conv - up -(+)- 1x1 - sigmoid - pixels -(x)
                 |                     +- 3 convs - field -+ |   |                            |
                 +------------------ 1x1 ----------------------+-+   mean - 1x1, 1x1 - channels

    The field of offsets and masks is the sum of predictions at full and at half size.

    Shape:
        (b, channels, h, w) to the same, h and w at least 15.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels // 4
        self.squeeze = nn.Conv2d(channels, c, 1)
        self.shrink = nn.Conv2d(c, c, 3, stride=2)
        self.context = nn.Sequential(
            *(layer for _ in range(3) for layer in (nn.Conv2d(c, c, 3, padding=1), nn.ReLU()))
        )
        self.deform = DeformConv(c, c)
        self.field = zero_conv(c, self.deform.field_channels)
        self.coarse_field = nn.Sequential(
            nn.Conv2d(c, c, 3, stride=2, padding=1),
            nn.ReLU(),
            zero_conv(c, self.deform.field_channels),
        )
        self.skip = nn.Conv2d(c, c, 1)
        self.pixels = nn.Conv2d(c, channels, 1)
        self.channels = nn.Sequential(
            nn.Conv2d(c, 2 * c, 1), nn.ReLU(), nn.Conv2d(2 * c, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        squeezed = self.squeeze(x)
        pooled = F.max_pool2d(self.shrink(squeezed), 7, stride=3)
        context = self.context(pooled)
        field = self.field(context)
        field = field + _resize(self.coarse_field(context), field)
        attended = F.relu(self.deform(pooled, field))
        pixels = self.pixels(_resize(attended, x) + self.skip(squeezed))
        channels = self.channels(attended.mean(dim=(-2, -1), keepdim=True))
        return x * torch.sigmoid(pixels) * torch.sigmoid(channels)


class RFDANet(Enhancer):
    """Fuses a window, then the state of all frames before it, and corrects the middle frame.

    ::

        window - STDF - F -+------------------+------(+)- H -+- (conv, DSTA) x 6 - conv -(+)- out
                           +- fuse pixels - fuse convs -+    |                            |
              state before -+                                +- state after     middle frame

    Args:
        radius: Frames before and after the middle one.
        mid_channels: Width of both U-Nets.
        fused_channels: Channels of the fused features, and of the state.
        qe_channels: Width of the enhancement part, a multiple of 4.
        num_blocks: Convolutions with attention in the enhancement part.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same, each channel separately.

    Example:
        >>> net = RFDANet(radius=1, mid_channels=8, fused_channels=8, qe_channels=8, num_blocks=1)
        >>> net(torch.rand(1, 3, 1, 16, 16)).shape
        torch.Size([1, 3, 1, 16, 16])
    """

    size_multiple = 8
    min_size = 15
    context_frames = RECURRENT_CONTEXT  # a state runs through the clip

    def __init__(
        self,
        radius: int = 3,
        mid_channels: int = 32,
        fused_channels: int = 64,
        qe_channels: int = 48,
        num_blocks: int = 6,
    ) -> None:
        super().__init__(radius, windows_at_once=1)
        c, q = fused_channels, qe_channels
        self.fusion = DeformFusion(self.num_frames, c, mid_channels)
        self.recall = DeformFusion(2 * c, c, mid_channels, kernel_size=1)
        self.merge = nn.Sequential(
            nn.Conv2d(2 * c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU()
        )
        blocks = [
            layer
            for _ in range(num_blocks)
            for layer in (nn.Conv2d(q, q, 3, padding=1), nn.ReLU(), DSTA(q))
        ]
        self.enhance = nn.Sequential(
            nn.Conv2d(c, q, 3, padding=1), nn.ReLU(), *blocks, nn.Conv2d(q, 1, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.enhance_window(x) if x.ndim == 4 else self.stream(x)[0]

    def stream(
        self, x: Tensor, state: Tensor | None = None, before: int = 0, after: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Enhance a piece of a video.

        Results are the same as for the whole video if each piece comes with ``radius`` frames on
        both sides (fewer at the video's ends) and with the state that the previous piece returned.

        Args:
            x: The piece and the frames around it, (n, t, c, h, w).
            state: The state that the previous piece returned; None at the video's start.
            before: Frames of ``x`` that come before the piece.
            after: Frames of ``x`` that come after it.

        Returns:
            Frames (n, t - before - after, c, h, w), and the state for the next piece.

        Raises:
            ValueError: ``before`` and ``after`` leave no frame.
        """
        planes = self.to_planes(x)
        t = x.shape[1]
        if before < 0 or after < 0 or before + after >= t:
            raise ValueError(
                f"before={before} and after={after} leave none of the {t} frames; expected smaller "
                "numbers, of at least 0"
            )
        frames = []
        for indices in window_indices(t, self.num_frames, "replicate")[before : t - after]:
            frame, state = self.step(pick_frames(planes, indices).squeeze(2), state)
            frames.append(frame)
        return self.to_clip(torch.stack(frames, dim=1), x), state

    def step(
        self, window: Tensor, state: Tensor | None = None, is_peak: bool = False
    ) -> tuple[Tensor, Tensor]:
        state = self.fuse(self.pad(window), state)
        return self.add(self.enhance(state), window), state

    def residual(self, window: Tensor) -> Tensor:
        return self.enhance(self.fuse(window, None))

    def fuse(self, window: Tensor, state: Tensor | None) -> Tensor:
        """Compute features of the window and all earlier frames, which are the next state."""
        features = self.fusion(window)
        state = torch.zeros_like(features) if state is None else state
        recalled = self.recall(torch.cat([features, state], dim=1))
        return features + _RECALLED * self.merge(torch.cat([features, recalled], dim=1))


def _resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
