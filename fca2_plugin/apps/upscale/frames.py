"""Pictures through the network: windows of decoded pictures in, pictures to encode out."""

from collections import deque
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from fca2_plugin.apps.upscale.color import (
    levels,
    resize_chroma,
    rgb_to_yuv,
    to_luma,
    to_planes,
    to_rgb,
    to_yuv,
)
from fca2_plugin.apps.upscale.network import Upscaler
from fca2_plugin.apps.upscale.plan import Segment, Window, windows
from fca2_plugin.apps.upscale.presets import enlarge
from fca2_plugin.apps.upscale.sizes import Sizes
from fca2_plugin.apps.upscale.tiles import run_tiled
from fca2_plugin.codec.picture import ColorTags, Picture, PixelFormat

__all__ = ["PictureUpscaler", "upscale_segment"]


class PictureUpscaler:
    """Turns windows of pictures into larger pictures.

    Args:
        upscaler: The network.
        tags: What the source's colours mean, nothing left open.
        pixels: The format of the result.
        compare: Put the bicubic picture on the left.
        types: How each frame of the source was coded, for a network that plans by it.
    """

    def __init__(
        self,
        upscaler: Upscaler,
        tags: ColorTags,
        pixels: PixelFormat,
        compare: bool = False,
        types: str = "",
    ) -> None:
        self.upscaler = upscaler
        self.tags = tags
        self.pixels = pixels
        self.compare = compare
        self.types = types

    @torch.inference_mode()
    def __call__(self, pictures: list[Picture], window: Window, sizes: Sizes) -> Iterator[Picture]:
        """Yield the pictures that the window keeps.

        Raises:
            ValueError: The network returned NaN or infinity.
        """
        upscaler, device = self.upscaler, self.upscaler.device
        luma = upscaler.is_luma
        clip = torch.stack(
            [
                to_luma(picture, device) if luma else to_rgb(picture, self.tags, device)
                for picture in (map(self._as_yuv, pictures) if luma else pictures)
            ]
        )[None]
        types = self.types[slice(*window.shot)]
        groups = upscaler.plan_window(window.shot, window.start, window.stop, types)
        network = partial(upscaler, groups=groups)
        results = run_tiled(network, clip, upscaler.scale, sizes.tile, sizes.overlap, window.keep)
        del clip
        for number, result in enumerate(results, start=window.keep.start):
            if not torch.isfinite(result).all():
                raise ValueError(
                    f"{upscaler.name} returned NaN or infinity for frame {window.start + number}; "
                    "check the checkpoint, and use precision fp32 if it was another"
                )
            picture = pictures[number]
            if luma:
                made = self._with_luma(self._as_yuv(picture), result[0].to(device))
            else:
                made = self._from_rgb(result.to(device))
            yield self._beside(picture, made) if self.compare else made

    def _from_rgb(self, rgb: Tensor) -> Picture:
        return to_planes(rgb_to_yuv(rgb, self.tags, self.pixels), self.tags, self.pixels)

    def _as_yuv(self, picture: Picture) -> Picture:
        """Itself, unless it is RGB: luma networks need Y."""
        if not picture.format.is_rgb:
            return picture
        bits = picture.format.bits
        full = PixelFormat.of("yuv444p" if bits == 8 else f"yuv444p{bits}le")
        rgb = to_rgb(picture, self.tags, self.upscaler.device)
        return to_planes(rgb_to_yuv(rgb, self.tags, full), self.tags, full)

    def _with_luma(self, picture: Picture, luma: Tensor) -> Picture:
        """The picture with another Y; chroma stays as it is, sample by sample, where it can."""
        given, scale = picture.format, self.upscaler.scale
        same = scale == 1 and (given.bits, given.step_x, given.step_y) == (
            self.pixels.bits,
            self.pixels.step_x,
            self.pixels.step_y,
        )
        top = 2**given.bits - 1
        if same:
            stored = picture.planes[0].dtype
            y = (luma.clamp(0, 1) * top).round().int().cpu().numpy().astype(stored)
            return Picture((y, *picture.planes[1:]), self.pixels)
        black, span, _ = levels(given.bits, self.tags)
        y = (luma.clamp(0, 1) * top - black) / span
        _, chroma = to_yuv(picture, self.tags, luma.device)
        if chroma is not None and self.pixels.step_x:
            chroma = resize_chroma(chroma, self.pixels, y.shape)
        return to_planes((y, chroma), self.tags, self.pixels)

    def _beside(self, picture: Picture, made: Picture) -> Picture:
        """The bicubic picture on the left, ``made`` on the right."""
        rgb = to_rgb(picture, self.tags, self.upscaler.device)
        plain = self._from_rgb(enlarge(rgb[None, None], self.upscaler.scale)[0, 0])
        pairs = zip(plain.planes, made.planes, strict=True)
        return Picture(tuple(np.concatenate(pair, axis=1) for pair in pairs), self.pixels)


def upscale_segment(
    run: PictureUpscaler,
    source: Iterator[Picture],
    first: int,
    segment: Segment,
    sizes: Sizes,
) -> Iterator[Picture]:
    """Yield a segment's pictures.

    Args:
        run: The network.
        source: The source's pictures from frame ``first`` on.
        first: The number of the first picture of ``source``.
        segment: What to yield.
        sizes: What the network sees at once.
    """
    held: deque[Picture] = deque()  # from frame ``first`` on
    for window in windows(segment, sizes, run.upscaler.align):
        while first < window.start:
            held.popleft()
            first += 1
        while len(held) < window.stop - window.start:
            held.append(next(source))
        yield from run(list(held), window, sizes)
