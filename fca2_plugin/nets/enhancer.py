"""The base of the enhancement networks (scale 1), which run on a window around every frame.

The networks were published for luma, ``in_channels=1``. Each channel of a clip with several
channels is then enhanced as if it were luma. A network with ``in_channels=3`` sees R, G and B
together.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from torch import Tensor, nn

from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.padding import pad_space
from fca2_plugin.ops.windows import map_windows, window_indices

__all__ = ["Enhancer"]


class Enhancer(nn.Module, ABC):
    """A network that corrects the middle frame of a window, run on every frame of a clip.

    ::

        clip - windows - padded - residual -(+)- cropped - clip
                  +----- middle frame ------+

    The first and the last frame are repeated beyond the clip's ends. A subclass defines
    ``residual``, and ``size_multiple`` and ``min_size`` if it needs them. Windows are padded to
    these, so clips can have any size.

    Args:
        radius: Frames before and after the middle one.
        in_channels: Channels of a frame: 1 for luma, 3 for RGB.
        windows_at_once: Windows of every clip that run as one batch without gradients; None for
            all. Fewer need less memory.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same; or a window (b, c*f, h, w) to its middle frame
        (b, c, h, w), for training on middle frames.

    Raises:
        ValueError: ``in_channels`` or ``windows_at_once`` is below 1, or the input has another
            shape.
    """

    size_multiple = 1
    min_size = 1
    uses_peaks = False  # True: neighbours are the nearest frames of peak quality

    def __init__(self, radius: int, in_channels: int = 1, windows_at_once: int | None = 8) -> None:
        super().__init__()
        for name, value, least in (
            ("radius", radius, 0),
            ("in_channels", in_channels, 1),
            ("windows_at_once", windows_at_once, 1),
        ):
            if value is not None and value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        self.radius = radius
        self.in_channels = in_channels
        self.windows_at_once = windows_at_once

    @property
    def num_frames(self) -> int:
        """Frames of a window."""
        return 2 * self.radius + 1

    @property
    def context_frames(self) -> int:
        """Frames on each side of a frame that change its result."""
        return self.radius

    @property
    def spec(self) -> NetSpec:
        """Requirements on the input; the network pads clips of other sizes itself."""
        return NetSpec(
            scale=1,
            size_multiple=self.size_multiple,
            min_size=self.min_size,
            in_channels=self.in_channels,
            color="y" if self.in_channels == 1 else "rgb",
        )

    @abstractmethod
    def residual(self, window: Tensor) -> Tensor:
        """Compute the correction (b, c, h, w) of the middle frame of a padded (b, c*f, h, w)."""

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 4:
            return self.enhance_window(x)
        windows = self.windows(x.shape[1])
        return self.to_clip(self.enhance_frames(self.to_planes(x), windows), x)

    def windows(self, num_frames: int, peaks: Iterable[int] | None = None) -> list[list[int]]:
        """Return each frame's window as frame numbers; ``peaks`` counts only if ``uses_peaks``."""
        return window_indices(num_frames, self.num_frames, "replicate")

    def step(
        self, window: Tensor, state: Tensor | None = None, is_peak: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Enhance the next frame of a video.

        Args:
            window: Its window, (b, c*f, h, w).
            state: The state that the previous frame returned; None at the video's start.
            is_peak: Whether it is a frame of peak quality.

        Returns:
            The frame (b, c, h, w), and the state for the next.
        """
        return self.enhance_window(window), None

    def enhance_window(self, window: Tensor) -> Tensor:
        """Enhance the middle frame of windows.

        Shape:
            (b, c*f, h, w), all frames of a channel before the next channel, to (b, c, h, w).
        """
        if window.ndim != 4 or window.shape[1] != self.in_channels * self.num_frames:
            raise ValueError(
                f"{type(self).__name__} got a window of shape {tuple(window.shape)}; expected "
                f"(b, {self.in_channels * self.num_frames}, h, w), {self.num_frames} frames of "
                f"{self.in_channels} channel(s)"
            )
        return self.add(self.residual(self.pad(window)), window)

    def enhance_frames(self, planes: Tensor, windows: list[list[int]]) -> Tensor:
        """Run on windows of a clip (n, t, c, h, w), given by frame numbers, to (n, k, c, h, w)."""

        def enhance(frames: Tensor) -> Tensor:  # (b, f, c, h, w)
            return self.enhance_window(frames.transpose(1, 2).flatten(1, 2))

        return map_windows(enhance, planes, windows, self.windows_at_once)

    def pad(self, window: Tensor) -> Tensor:
        """Pad to a size that the network can take."""
        return pad_space(window, self.size_multiple, self.min_size)

    def add(self, residual: Tensor, window: Tensor) -> Tensor:
        """Middle frame of ``window`` plus ``residual``, which may be padded."""
        middle = window.unflatten(1, (self.in_channels, self.num_frames))[:, :, self.radius]
        return middle + residual[..., : window.shape[-2], : window.shape[-1]]

    def to_planes(self, x: Tensor) -> Tensor:
        """Split (n, t, g*c, h, w) into clips of the network's channels, (n*g, t, c, h, w).

        Raises:
            ValueError: ``x`` is not a clip, or its channels are not a multiple of the network's.
        """
        c = self.in_channels
        if x.ndim != 5 or x.shape[1] < 1 or x.shape[2] < 1 or (c > 1 and x.shape[2] != c):
            raise ValueError(
                f"{type(self).__name__} got an input of shape {tuple(x.shape)}; expected clips "
                f"(n, t, c, h, w) of at least one frame, of {c if c > 1 else 'any number of'} "
                "channels"
            )
        return x.unflatten(2, (-1, c)).transpose(1, 2).flatten(0, 1)

    @staticmethod
    def to_clip(planes: Tensor, x: Tensor) -> Tensor:
        """Undo ``to_planes``."""
        return planes.unflatten(0, (len(x), -1)).transpose(1, 2).flatten(2, 3)
