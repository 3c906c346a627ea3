"""Pictures of the source, as the network sees them, and the larger ones that it makes of them.

::

    source - decode - deinterlace - crop - picture - clip - network - finish - picture to encode
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

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
from fca2_plugin.apps.upscale.job import Job
from fca2_plugin.codec.filters import conform, deinterlace
from fca2_plugin.codec.picture import Picture, PixelFormat, to_picture
from fca2_plugin.codec.scan import frames
from fca2_plugin.inference.bicubic import enlarge
from fca2_plugin.inference.run import run_windows
from fca2_plugin.inference.sizes import Sizes
from fca2_plugin.inference.windows import Window

__all__ = ["PictureUpscaler", "source_pictures"]

NEIGHBOURS = 4  # stored frames on either side that deinterlacing looks at, and more


def source_pictures(
    job: Job, start: int, stop: int, check: Callable[[], None] = lambda: None
) -> Generator[Picture, None, None]:
    """Yield the pictures of frames ``start`` to ``stop``; ``check`` may raise at any of them.

    Raises:
        ValueError: The file changed since the first pass.
    """
    found, given = job.look, job.look.scan
    margin = NEIGHBOURS if job.deinterlaced else 0
    wanted = given.stored_numbers(start, stop).tolist()
    first, last = max(0, wanted[0] - margin), min(len(given.sums), wanted[-1] + 1 + margin)
    index, tolerant = found.layout.stream, job.options.keep_going
    with closing(frames(found.source, index, given, first, last, tolerant, check)) as decoded:
        ready = conform(decoded, given)
        if job.deinterlaced:
            ready = deinterlace(ready, given.film)
        for number, frame in enumerate(islice(ready, wanted[-1] + 1 - first), start=first):
            if number == wanted[0]:
                del wanted[0]
                yield to_picture(frame).cropped(*job.geometry.box)


class PictureUpscaler:
    """Turns a job's pictures into larger ones."""

    def __init__(self, job: Job) -> None:
        self.runner = job.runner
        self.tags = job.tags
        self.pixels = job.pixels
        self.size = job.geometry.size
        self.strength = job.options.strength
        self.types = job.look.scan.types  # for a network that plans by them
        self.compare = job.options.preview_seconds is not None

    def run(
        self, source: Iterator[Picture], first: int, windows: Iterable[Window], sizes: Sizes
    ) -> Iterator[Picture]:
        """Yield what is encoded in the place of the pictures that ``windows`` keep.

        Args:
            source: The source's pictures from frame ``first`` on.
            first: The number of the first picture of ``source``.
            windows: Of pictures, which the network sees together.
            sizes: How they were chosen.
        """
        results = run_windows(
            self.runner,
            source,
            windows,
            self.to_clip,
            first=first,
            tile=sizes.tile,
            overlap=sizes.overlap,
            types=self.types,
        )
        for result in results:
            yield self.finish(result.source, result.image)

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
        if self.size == tuple(x.shape[-2:]):
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
