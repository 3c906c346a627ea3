"""TGAFNet: temporal group alignment and fusion (Zhu et al., SPL 2024).

Where the paper is silent, or differs from the released model, we follow the released model. Its
1,251,484, 1,327,356 and 1,403,228 parameters for one to three SDCBs agree with the paper's Table
III; a literal reading of the text does not. ``as_printed`` is that literal reading, with 1,371,895
parameters: plain DCN without masks (eq. 5, 10), a fusion convolution for each of eq. 7 to 9, no
convolution before the offsets of eq. 10, attention squeezed 16 times (RCAN's), L + 1 convolutions
in FE, and no sum after the second contextual module in SDCB. ``shared_context=False`` gives SDCB
two contextual modules, which is one reading of Fig. 2, with 1,378,135 parameters.

Table II is the ablation. For its rows without FE, we keep only the first and last convolution of
FE, without SDCBs. For its baseline, STDF-R3L's fusion (``alignment="stdf"``) replaces IntraGFA and
InterGFF.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin._suggest import check_choice
from fca2_plugin.layers.attention import ChannelAttention, ContextBlock
from fca2_plugin.layers.deform import DeformBlock, DeformFusion
from fca2_plugin.layers.quick_start import pass_on, see_details, start_alive, start_silent
from fca2_plugin.layers.unet import UNet
from fca2_plugin.nets.enhancer import Enhancer

__all__ = ["TGAFNet"]

ALIGNMENTS = ("groups", "stdf")
_KERNELS = (1, 3, 5)  # of the groups with frames 1, 2 and 3 away (Sec. II-A)


def _conv(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.LeakyReLU(0.1)]


class IntraGFA(nn.Module):
    """Aligns the three frames of each group (Sec. II-A); groups differ in the deformable part.

    Shape:
        window (b, 7, h, w) to three times (b, channels, h, w), sides multiples of 8.
    """

    def __init__(self, channels: int, modulated: bool) -> None:
        super().__init__()
        self.head = nn.Sequential(*_conv(3, channels))
        self.unet = UNet(channels)
        self.blocks = nn.ModuleList(
            DeformBlock(channels, 3, channels, kernel_size, modulated) for kernel_size in _KERNELS
        )

    def forward(self, window: Tensor) -> list[Tensor]:
        return [
            block(group, self.unet(self.head(group)))
            for block, group in zip(self.blocks, self.groups(window), strict=True)
        ]

    @staticmethod
    def groups(window: Tensor) -> list[Tensor]:
        """Return G1, G2 and G3: the middle frame between the frames 1, 2 and 3 away."""
        middle = window.shape[1] // 2
        return [
            window[:, middle - distance : middle + distance + 1 : distance]
            for distance in range(1, len(_KERNELS) + 1)
        ]


class InterGFF(nn.Module):
    """Fuses neighbouring groups, then all groups, and aligns the result again (Sec. II-B).

    Shape:
        three times (b, channels, h, w) to (b, channels, h, w).
    """

    def __init__(self, channels: int, as_printed: bool) -> None:
        super().__init__()
        c = channels
        self.fuse = nn.ModuleList(
            nn.Sequential(*_conv(2 * c, c)) for _ in range(3 if as_printed else 1)
        )
        self.rcab = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1),
            ChannelAttention(c, reduction=16 if as_printed else 1),
        )
        self.head = nn.Sequential(*([] if as_printed else _conv(c, c)))
        self.block = DeformBlock(c, c, c, kernel_size=1, modulated=not as_printed)

    def forward(self, groups: list[Tensor]) -> Tensor:
        near, middle, far = groups
        near_middle, middle_far, both = (self.fuse[index % len(self.fuse)] for index in range(3))
        short = near_middle(torch.cat([near, middle], dim=1))
        long = middle_far(torch.cat([middle, far], dim=1))
        fused = both(torch.cat([short, long], dim=1))
        fused = self.head(fused + self.rcab(fused))
        return self.block(fused, fused)


class SDCB(nn.Module):
    """Spatial dual contextual block (Fig. 2): half of the channels informs the other half.

    Shape:
        (b, channels, h, w) to the same.
    """

    def __init__(self, channels: int, as_printed: bool, shared_context: bool) -> None:
        super().__init__()
        self.contexts = nn.ModuleList(
            ContextBlock(channels // 2) for _ in range(1 if shared_context else 2)
        )
        self.skips = not as_printed
        self.tail = nn.Conv2d(channels, channels, 3, padding=1, bias=as_printed)

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=1)
        both = F.leaky_relu(self.contexts[0](first), 0.2) + second
        aware = F.leaky_relu(self.contexts[-1](both), 0.2)
        if self.skips:
            aware = aware + both
        return self.tail(torch.cat([both, aware], dim=1))


class TGAFNet(Enhancer):
    """Aligns frames in groups by their distance, fuses the groups, corrects the middle frame.

    ::

        window (b,7,h,w) - IntraGFA - three (b,C,h,w) - InterGFF - (b,C,h,w) - FE -(+)- enhanced
              +------------------------- middle frame ----------------------------+

    Args:
        num_sdcbs: L, the SDCBs of FE (Table III: 1, 2 or 3; Table II, without FE: 0).
        mid_channels: C, even.
        as_printed: Follow the paper's text literally instead of the released model.
        shared_context: Both paths of an SDCB share one contextual module.
        alignment: ``groups``, or ``stdf`` for the baseline of Table II.
        quick_start: First weights for very short training, see ``layers/quick_start.py``.
        windows_at_once: Windows that run as one batch without gradients; None for all.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same, each channel separately.

    Raises:
        ValueError: ``mid_channels`` is odd, or ``alignment`` unknown.

    Example:
        >>> TGAFNet(num_sdcbs=1, mid_channels=8)(torch.rand(1, 2, 1, 16, 16)).shape
        torch.Size([1, 2, 1, 16, 16])
    """

    size_multiple = 8

    def __init__(
        self,
        num_sdcbs: int = 3,
        mid_channels: int = 64,
        as_printed: bool = False,
        shared_context: bool = True,
        alignment: str = "groups",
        quick_start: bool = False,
        windows_at_once: int | None = 8,
    ) -> None:
        super().__init__(len(_KERNELS), windows_at_once=windows_at_once)
        check_choice("alignment", alignment, ALIGNMENTS)
        c = mid_channels
        if c % 2:
            raise ValueError(
                f"mid_channels={c} must be an even number, because SDCB splits the channels into "
                "two paths"
            )
        self.intra_gfa: IntraGFA | DeformFusion
        self.inter_gff: InterGFF | nn.Identity
        if alignment == "groups":
            self.intra_gfa = IntraGFA(c, modulated=not as_printed)
            self.inter_gff = InterGFF(c, as_printed)
        else:
            self.intra_gfa, self.inter_gff = DeformFusion(self.num_frames, c, c), nn.Identity()
        stem = (layer for _ in range(1 if as_printed else 2) for layer in _conv(c, c))
        blocks = (
            layer
            for _ in range(num_sdcbs)
            for layer in (*_conv(c, c), SDCB(c, as_printed, shared_context))
        )
        self.fe = nn.Sequential(*stem, *blocks, nn.Conv2d(c, 1, 3, padding=1))
        if quick_start:
            self._start_quickly()

    def residual(self, window: Tensor) -> Tensor:
        return self.fe(self.inter_gff(self.intra_gfa(window)))

    def _start_quickly(self) -> None:
        for part in self.intra_gfa.modules():
            if isinstance(part, UNet):
                start_alive(part)
            elif isinstance(part, DeformBlock):
                see_details(part.deform)
        *chain, last = (layer for layer in self.fe if not isinstance(layer, nn.LeakyReLU))
        if isinstance(self.inter_gff, InterGFF):
            fuse, head, block = self.inter_gff.fuse, self.inter_gff.head, self.inter_gff.block
            chain += [*(next(one.children()) for one in fuse), *head]
            pass_on(block.deform, gain=2.0 if block.deform.num_masks else 1.0)  # masks start at 1/2
        for layer in chain:
            if isinstance(layer, SDCB):  # each half of its channels holds the sum of both
                pass_on(layer.tail, gain=0.4)
            elif isinstance(layer, nn.Conv2d):
                pass_on(layer)
        start_silent(last)
