"""The frame autoencoder of FCA² (Sec. III-B to III-D): groups of frames to codes, and back.

The paper does not give structure, widths and number of blocks; these are the released model's.
It has 1,985,978 parameters, and 3.47 M with the cleaning network; the paper prints +3.3 M
(``num_blocks=2`` gives 3.30 M). All groups share the weights, so that all groups of all clips
run as one batch.

Two readings of the flow guidance can be chosen. The paper predicts the flow of neighbouring
frames and concatenates it to the group (``concat``). The released code warps its own previous
output along the flow and mixes it into the next frame (``recurrent``), one frame after another.

``image_codes`` is our addition. A code starts near the mean frame of its group, and the decoder
starts from the code. At the start of training, slow footage passes through almost unchanged, and
codes stay images.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.layers.quick_start import start_silent
from fca2_plugin.layers.residual import ResidualBlocksWithInputConv
from fca2_plugin.layers.spatial_spectral import SpatialSpectralBody
from fca2_plugin.layers.spynet import SPyNet
from fca2_plugin.nets.codes import Codes
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.frame_groups import FrameGroup, channel_groups
from fca2_plugin.ops.grouping import ChannelGrouping
from fca2_plugin.ops.padding import extend_time
from fca2_plugin.ops.pieces import in_pieces
from fca2_plugin.ops.warp import flow_warp

__all__ = ["FLOW_MODES", "FrameAutoencoder"]

FLOW_MODES = ("concat", "recurrent")


class FrameAutoencoder(nn.Module):
    """Encodes neighbouring frames into fewer code frames, and decodes them again.

    ::

        x (n,t,3,h,w) - flow - group (n,K,S,h,w) - encoder - codes (n,K,3,h,w)
        codes - decoder (n,K,S,h,w) - average overlaps (n,3t,h,w) -(+)- x' (n,t,3,h,w)
                                                        +- trunk -+

    Args:
        n_subs: Channels in a group (Sec. IV-A2: 9).
        n_ovls: Channels shared by neighbouring groups (Sec. IV-A2: 3).
        mid_channels: Width of encoder and decoder.
        num_blocks: Spatial-spectral blocks in each.
        flow_mode: ``concat``, ``recurrent`` or None for no flow guidance (Table III).
        trunk_frames: Frames that the trunk smooths over after decoding; None leaves it out.
        image_codes: Codes start from the group's mean frame; only for groups of whole frames.
        spynet: Settings of ``SPyNet``, for a flow network smaller than the published one.

    Shape:
        (n, t, 3, h, w) to the same, any t >= 1.

    Raises:
        ValueError: The numbers of the groups are out of range, ``flow_mode`` is unknown,
            ``trunk_frames`` is below 1, or ``image_codes`` is set with groups that cut a frame.

    Example:
        >>> net = FrameAutoencoder(mid_channels=8, num_blocks=1, flow_mode=None)
        >>> net(torch.rand(1, 7, 3, 16, 16)).shape
        torch.Size([1, 7, 3, 16, 16])
    """

    spec = NetSpec(scale=1)
    phase = None  # the decoder learns the position of LQ pixels
    takes_groups = has_plain_codes = False

    def __init__(
        self,
        n_subs: int = 9,
        n_ovls: int = 3,
        mid_channels: int = 64,
        num_blocks: int = 3,
        flow_mode: str | None = "recurrent",
        trunk_frames: int | None = 7,
        image_codes: bool = False,
        spynet: Mapping | None = None,
    ) -> None:
        super().__init__()
        self.grouping = ChannelGrouping(n_subs, n_ovls)
        if flow_mode is not None:
            check_choice("flow_mode", flow_mode, FLOW_MODES)
        if trunk_frames is not None and trunk_frames < 1:
            raise ValueError(
                "trunk_frames must be at least 1, or None to leave the trunk out; got "
                f"{trunk_frames}"
            )
        if image_codes and (n_subs % 3 or n_ovls % 3):
            raise ValueError(
                f"image_codes needs groups of whole frames, but n_subs={n_subs}, "
                f"n_ovls={n_ovls} cut frames between colours; choose multiples of 3, or "
                "image_codes=False"
            )
        self.flow_mode = flow_mode
        self.trunk_frames = trunk_frames
        self.image_codes = image_codes

        in_channels = n_subs
        if flow_mode is not None:
            self.spynet = SPyNet(**(spynet or {}))
        if flow_mode == "recurrent":
            # 30 blocks of 3 channels: the released model's, 5,205 parameters
            self.flow_net = ResidualBlocksWithInputConv(6, 3, num_blocks=30)
        if flow_mode == "concat":
            in_channels += 2 * (self.grouping.frames_per_group() - 1)
        self.encoder = SpatialSpectralBody(in_channels, mid_channels, 3, num_blocks)
        self.decoder = SpatialSpectralBody(3, mid_channels, n_subs, num_blocks)
        if image_codes:
            # near the mean frame, but not on it: the decoder needs something to learn from
            self.encoder.tail.weight.data.mul_(0.1)
            nn.init.zeros_(self.encoder.tail.get_parameter("bias"))
            start_silent(self.decoder.tail)
        if trunk_frames is not None:
            # 16 channels, 2 blocks: the released model's
            self.trunk = SpatialSpectralBody(3 * trunk_frames, 16, 3 * trunk_frames, 2)

    @property
    def min_frames(self) -> int:
        """Frames that fill one group."""
        return -(-self.grouping.n_subs // 3)

    def num_codes(self, num_frames: int) -> int:
        """K, the number of codes for ``num_frames`` frames."""
        return self.grouping.num_groups(3 * max(num_frames, self.min_frames))

    def plan(self, num_frames: int) -> tuple[FrameGroup, ...]:
        """The groups of ``num_frames`` frames, each with its middle frame as the key."""
        return channel_groups(self.grouping, num_frames)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def encode(self, x: Tensor, groups: Sequence[FrameGroup] | None = None) -> Codes:
        """Encode frames (n, t, 3, h, w) to codes (n, K, 3, h, w); the guide is the frame count.

        Short clips repeat their last frame.

        Raises:
            ValueError: ``groups`` differ from those of ``plan``.
        """
        num_frames = x.shape[1]
        if groups is not None and tuple(groups) != self.plan(num_frames):
            raise ValueError(
                f"FrameAutoencoder's groups are fixed by n_subs={self.grouping.n_subs} and "
                f"n_ovls={self.grouping.n_ovls}, but other groups were given; leave groups out, or "
                "use a GuidedAutoencoder (preset='fast')"
            )
        x = extend_time(x, self.min_frames)
        if self.flow_mode == "recurrent":
            x = self._propagate(x, self._flows(x))
        grouped = self.grouping.group(x.flatten(1, 2))  # (n, K, S, h, w)
        inputs = grouped.flatten(0, 1)
        if self.flow_mode == "concat":
            flows = self._group_flows(self._flows(x))
            inputs = torch.cat([inputs, flows.flatten(0, 1)], dim=1)
        codes = self.encoder(inputs).unflatten(0, grouped.shape[:2])
        if self.image_codes:
            codes = codes + grouped.unflatten(2, (-1, 3)).mean(dim=2)
        return Codes(codes, num_frames)

    def decode(self, codes: Codes) -> Tensor:
        """Decode codes (n, K, 3, h, w) to frames (n, t, 3, h, w), as many as were encoded."""
        images, num_frames = codes
        num_channels = 3 * max(num_frames, self.min_frames)
        groups = in_pieces(self.decoder, images.flatten(0, 1))  # (n*K, S, h, w)
        if self.image_codes:
            groups = groups + images.flatten(0, 1).repeat(1, self.grouping.n_subs // 3, 1, 1)
        frames = self.grouping.ungroup(groups.unflatten(0, images.shape[:2]), num_channels)
        frames = frames.unflatten(1, (-1, 3))[:, :num_frames]
        return self._smooth(frames, self.trunk_frames) if self.trunk_frames else frames

    def _flows(self, x: Tensor) -> Tensor:
        """Flow from every frame back to the one before it, (n, t-1, 2, h, w), as one batch."""
        n, t = x.shape[:2]
        if t == 1:
            return x.new_zeros(n, 0, 2, *x.shape[-2:])
        flows = self.spynet(x[:, 1:].flatten(0, 1), x[:, :-1].flatten(0, 1))
        return flows.unflatten(0, (n, t - 1))

    def _propagate(self, x: Tensor, flows: Tensor) -> Tensor:
        """Mix the previous output, warped, into each frame (released code)."""
        outputs = []
        previous = torch.zeros_like(x[:, 0])
        for index in range(x.shape[1]):
            if index:
                previous = flow_warp(previous, flows[:, index - 1].permute(0, 2, 3, 1))
            previous = self.flow_net(torch.cat([x[:, index], previous], dim=1))
            outputs.append(previous)
        return torch.stack(outputs, dim=1)

    def _group_flows(self, flows: Tensor) -> Tensor:
        """The flows inside each group, (n, K, 2*(F-1), h, w); zero past the clip's end."""
        num_flows = self.grouping.frames_per_group() - 1
        num_frames = flows.shape[1] + 1
        pad = flows.new_zeros(flows.shape[0], num_flows, *flows.shape[2:])
        flows = torch.cat([flows, pad], dim=1)
        starts = self.grouping.first_frames(3 * num_frames)
        return torch.stack(
            [flows[:, start : start + num_flows].flatten(1, 2) for start in starts], dim=1
        )

    def _smooth(self, frames: Tensor, at_once: int) -> Tensor:
        """Add the trunk's correction to ``at_once`` frames at a time."""
        n, t = frames.shape[:2]
        pieces = -(-t // at_once)
        full = extend_time(frames, pieces * at_once)
        stacked = full.reshape(n * pieces, -1, *frames.shape[-2:])
        smoothed = stacked + in_pieces(self.trunk, stacked)
        return smoothed.reshape(full.shape)[:, :t]
