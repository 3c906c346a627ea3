"""Pictures through the network: windows of decoded pictures in, pictures to encode out."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin.apps.upscale.color import (
    levels,
    resize_chroma,
    rgb_to_picture,
    rgb_to_yuv,
    to_luma,
    to_planes,
    to_rgb,
    to_yuv,
    yuv_to_rgb,
)
from fca2_plugin.apps.upscale.plan import Segment, windows
from fca2_plugin.apps.upscale.pulse import Pulse
from fca2_plugin.codec.picture import ColorTags, Picture, PixelFormat
from fca2_plugin.inference.bicubic import enlarge
from fca2_plugin.inference.run import run_windows
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.sizes import Sizes

__all__ = ["PictureUpscaler", "upscale_segment"]


class PictureUpscaler:
    """Turns windows of pictures into larger pictures.

    Args:
        runner: The network.
        tags: What the source's colours mean, nothing left open.
        pixels: The format of the result.
        compare: Put the bicubic picture on the left.
        types: How each frame of the source was coded, for a network that plans by it.
        size: Height and width of the result; the network's where None.
        strength: The network's share of the result, and the bicubic picture's the rest.
    """

    def __init__(
        self,
        runner: ClipRunner,
        tags: ColorTags,
        pixels: PixelFormat,
        compare: bool = False,
        types: str = "",
        size: tuple[int, int] | None = None,
        strength: float = 1.0,
    ) -> None:
        self.runner = runner
        self.tags = tags
        self.pixels = pixels
        self.compare = compare
        self.types = types
        self.size = size
        self.strength = strength

    @torch.inference_mode()
    def to_clip(self, pictures: Sequence[Picture]) -> Tensor:
        """(1, t, c, h, w): what the network sees of pictures."""
        device = self.runner.device
        if self.runner.is_luma:
            seen = [to_luma(self._as_yuv(picture), device) for picture in pictures]
        else:
            seen = [to_rgb(picture, self.tags, device) for picture in pictures]
        return torch.stack(seen)[None]

    @torch.inference_mode()
    def finish(self, picture: Picture, image: Tensor) -> Picture:
        """What is encoded in the place of ``picture``, of the network's result (c, s*h, s*w)."""
        if self.runner.is_luma:
            picture = self._as_yuv(picture)
            made = self._with_luma(picture, self._finished(image, picture)[0])
        else:
            made = self._from_rgb(self._finished(image, picture))
        return self._beside(picture, made) if self.compare else made

    def _finished(self, result: Tensor, picture: Picture) -> Tensor:
        """The network's (c, h, w), blended with the picture and in the size of the result."""
        if self.strength < 1:
            device = self.runner.device
            luma = self.runner.is_luma
            given = to_luma(picture, device) if luma else to_rgb(picture, self.tags, device)
            plain = enlarge(given[None, None], self.runner.scale)[0, 0]
            result = torch.lerp(plain, result.clamp(0, 1), self.strength)
        return self._resized(result)

    def _resized(self, x: Tensor) -> Tensor:
        """(c, h, w) in the size of the result."""
        if self.size in (None, tuple(x.shape[-2:])):
            return x
        x = F.interpolate(x[None], size=self.size, mode="bicubic", antialias=True)[0]
        return x.clamp(0, 1)

    def _from_rgb(self, rgb: Tensor) -> Picture:
        return rgb_to_picture(rgb, self.tags, self.pixels)

    def _as_yuv(self, picture: Picture) -> Picture:
        """Itself, unless it is RGB: luma networks need Y."""
        if not picture.format.is_rgb:
            return picture
        bits = picture.format.bits
        full = PixelFormat.of("yuv444p" if bits == 8 else f"yuv444p{bits}le")
        rgb = to_rgb(picture, self.tags, self.runner.device)
        return to_planes(rgb_to_yuv(rgb, self.tags, full), self.tags, full)

    def _with_luma(self, picture: Picture, luma: Tensor) -> Picture:
        """The picture with another Y; chroma stays as it is, sample by sample, where it can."""
        given, scale = picture.format, self.runner.scale
        same = (
            scale == 1
            and tuple(luma.shape) == picture.size
            and (given.bits, given.step_x, given.step_y)
            == (self.pixels.bits, self.pixels.step_x, self.pixels.step_y)
        )
        top = 2**given.bits - 1
        if same:
            stored = picture.planes[0].dtype
            y = (luma.clamp(0, 1) * top).round().int().cpu().numpy().astype(stored)
            return Picture((y, *picture.planes[1:]), self.pixels)
        black, span, _ = levels(given.bits, self.tags)
        y = (luma.clamp(0, 1) * top - black) / span
        _, chroma = to_yuv(picture, self.tags, luma.device)
        if self.pixels.is_rgb:
            grey = luma.new_zeros(2, *y.shape)
            chroma = grey if chroma is None else resize_chroma(chroma, self.pixels, y.shape)
            return self._from_rgb(yuv_to_rgb(y, chroma, self.tags))
        if chroma is not None and self.pixels.step_x:
            chroma = resize_chroma(chroma, self.pixels, y.shape)
        return to_planes((y, chroma), self.tags, self.pixels)

    def _beside(self, picture: Picture, made: Picture) -> Picture:
        """The bicubic picture on the left, ``made`` on the right."""
        rgb = to_rgb(picture, self.tags, self.runner.device)
        larger = enlarge(rgb[None, None], self.runner.scale)[0, 0]
        plain = self._from_rgb(self._resized(larger))
        pairs = zip(plain.planes, made.planes, strict=True)
        return Picture(tuple(np.concatenate(pair, axis=1) for pair in pairs), self.pixels)


def upscale_segment(
    run: PictureUpscaler,
    source: Iterator[Picture],
    first: int,
    segment: Segment,
    sizes: Sizes,
    pulse: Pulse | None = None,
) -> Iterator[Picture]:
    """Yield a segment's pictures.

    Args:
        run: The network.
        source: The source's pictures from frame ``first`` on.
        first: The number of the first picture of ``source``.
        segment: What to yield.
        sizes: What the network sees at once.
        pulse: What looks after the network while it runs.
    """
    seen = windows(segment, sizes, run.runner.align)
    to_clip: Callable[[Any], Tensor] = run.to_clip
    if pulse is not None:
        seen, to_clip = pulse.follow(seen), pulse.watch(run.runner, to_clip, sizes)
    results = run_windows(
        run.runner,
        source,
        seen,
        to_clip,
        first=first,
        tile=sizes.tile,
        overlap=sizes.overlap,
        types=run.types,
    )
    for result in results:
        if pulse is not None:
            pulse.end()
        yield run.finish(result.source, result.image)
