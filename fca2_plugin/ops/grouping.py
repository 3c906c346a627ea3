"""Overlapping groups of neighbouring channels (FCA², Sec. III-B).

The N frames of a clip are concatenated along the channel axis (eq. 2) and cut into
K groups of S channels; neighbouring groups share O channels (eq. 3). The paper does not give
a rule for the tail. As in SSPSR, whose grouping it adopts, the last group is shifted back so
that it ends with the last channel. Ungrouping averages channels that are in several groups
(Sec. III-D1).

S and O count *channels*, as in the paper's Table VI: 9/3 means three frames, one of them shared.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["ChannelGrouping"]


@dataclass(frozen=True)
class ChannelGrouping:
    """Cuts (n, C, h, w) into overlapping groups of channels, and averages them back.

    Args:
        n_subs: Channels in a group, S.
        n_ovls: Channels shared by neighbouring groups, O.

    Raises:
        TypeError: ``n_subs`` or ``n_ovls`` is not an integer.
        ValueError: 0 <= n_ovls < n_subs does not hold.

    Example:
        >>> grouping = ChannelGrouping(n_subs=9, n_ovls=3)
        >>> channels = torch.rand(1, 21, 8, 8)  # 7 RGB frames
        >>> groups = grouping.group(channels)
        >>> groups.shape
        torch.Size([1, 3, 9, 8, 8])
        >>> torch.allclose(grouping.ungroup(groups, 21), channels)
        True
    """

    n_subs: int = 9
    n_ovls: int = 3

    def __post_init__(self) -> None:
        for name, value in (("n_subs", self.n_subs), ("n_ovls", self.n_ovls)):
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(
                    f"{name} counts channels and must be an integer, got {value!r}; "
                    "the paper uses n_subs=9, n_ovls=3"
                )
        if self.n_subs < 1 or not 0 <= self.n_ovls < self.n_subs:
            raise ValueError(
                f"n_subs={self.n_subs}, n_ovls={self.n_ovls} do not make groups; expected n_subs "
                ">= 1 and 0 <= n_ovls < n_subs, for example n_subs=9, n_ovls=3"
            )

    @property
    def stride(self) -> int:
        """Channels from the start of one group to the start of the next, S - O."""
        return self.n_subs - self.n_ovls

    def num_groups(self, num_channels: int) -> int:
        """K for ``num_channels`` channels: ceil((C - O) / (S - O)).

        Raises:
            ValueError: There are fewer channels than in one group.
        """
        if num_channels < self.n_subs:
            raise ValueError(
                f"{num_channels} channels are fewer than n_subs={self.n_subs}; repeat the last "
                "frame until one group is full, or choose a smaller n_subs"
            )
        return max(-(-(num_channels - self.n_ovls) // self.stride), 1)

    def starts(self, num_channels: int) -> tuple[int, ...]:
        """First channel of each group; the last group is shifted back to end at C."""
        last = num_channels - self.n_subs
        return tuple(
            min(index * self.stride, last) for index in range(self.num_groups(num_channels))
        )

    def coverage(self, num_channels: int, device: torch.device | None = None) -> Tensor:
        """Count the groups that contain each channel, (C,) int64."""
        counts = torch.zeros(num_channels, dtype=torch.int64, device=device)
        for start in self.starts(num_channels):
            counts[start : start + self.n_subs] += 1
        return counts

    def group(self, x: Tensor) -> Tensor:
        """Cut channels into groups.

        Shape:
            x: (n, C, h, w); returns (n, K, S, h, w), a copy.
        """
        return torch.stack(
            [x[:, start : start + self.n_subs] for start in self.starts(x.shape[1])], dim=1
        )

    def ungroup(self, groups: Tensor, num_channels: int) -> Tensor:
        """Put groups back; channels in several groups are averaged (Sec. III-D1).

        Shape:
            groups: (n, K, S, h, w); returns (n, C, h, w).

        Raises:
            ValueError: K or S does not match ``num_channels``.
        """
        starts = self.starts(num_channels)
        if tuple(groups.shape[1:3]) != (len(starts), self.n_subs):
            raise ValueError(
                f"got {groups.shape[1]} groups of {groups.shape[2]} channels; {num_channels} "
                f"channels at n_subs={self.n_subs}, n_ovls={self.n_ovls} make {len(starts)} "
                f"groups of {self.n_subs}"
            )
        n, _, _, h, w = groups.shape
        total = groups.new_zeros(n, num_channels, h, w)
        for index, start in enumerate(starts):
            total[:, start : start + self.n_subs] += groups[:, index]
        counts = self.coverage(num_channels, groups.device).to(groups.dtype)
        return total / counts.view(1, -1, 1, 1)

    def first_frames(self, num_channels: int, channels: int = 3) -> tuple[int, ...]:
        """Index of the first frame that each group touches."""
        return tuple(start // channels for start in self.starts(num_channels))

    def frames_per_group(self, channels: int = 3) -> int:
        """The largest number of frames that a group touches; 6/2, 12/4 and 18/8 split colours."""
        aligned = self.n_subs % channels == 0 and self.n_ovls % channels == 0
        return self.n_subs // channels if aligned else (self.n_subs - 2) // channels + 2
