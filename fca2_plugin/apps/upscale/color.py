"""Planes of any depth to tensors and back, by the matrix and range that the video is tagged with.

Chroma of 4:2:0 and 4:2:2 stands on the left column of its pixels and between their rows, where
H.264, HEVC and MPEG-2 put it unless they say otherwise.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin.codec.colors import FULL, ColorTags, luma_shares
from fca2_plugin.codec.picture import Picture, PixelFormat

__all__ = [
    "levels",
    "resize_chroma",
    "rgb_to_picture",
    "rgb_to_yuv",
    "to_luma",
    "to_planes",
    "to_rgb",
    "to_yuv",
]

# rows that are converted together: they stay in the caches, and chroma never needs two bands
BAND_ROWS = 64

Yuv = tuple[Tensor, Tensor | None]  # Y (h, w) in [0, 1]; U and V (2, hc, wc) in [-0.5, 0.5]


def to_yuv(picture: Picture, tags: ColorTags, device: torch.device) -> Yuv:
    """Samples to numbers; grey has none. Not for RGB."""
    bits = picture.format.bits
    planes = [_tensor(plane, device) for plane in picture.planes]
    y0, y_span, c_span = levels(bits, tags)
    luma = (planes[0] - y0) / y_span
    if len(planes) == 1:
        return luma, None
    return luma, (torch.stack(planes[1:]) - 2 ** (bits - 1)) / c_span


def to_luma(picture: Picture, device: torch.device) -> Tensor:
    """Y as luma networks take it, (1, h, w): the sample itself over the largest one."""
    return _tensor(picture.planes[0], device)[None] / (2**picture.format.bits - 1)


def to_rgb(picture: Picture, tags: ColorTags, device: torch.device) -> Tensor:
    """(3, h, w), mostly in [0, 1]; clipped to it."""
    if picture.format.is_rgb:
        g, b, r = (_tensor(plane, device) for plane in picture.planes)
        return torch.stack([r, g, b]) / (2**picture.format.bits - 1)
    y, chroma = to_yuv(picture, tags, device)
    if chroma is None:
        return y.clamp(0, 1).expand(3, -1, -1)
    return yuv_to_rgb(y, _spread(chroma, picture.format, *y.shape), tags)


def yuv_to_rgb(y: Tensor, chroma: Tensor, tags: ColorTags) -> Tensor:
    """Y (h, w) and chroma of the same size, (2, h, w), to (3, h, w), clipped to [0, 1]."""
    u, v = chroma
    red, blue = luma_shares(tags)
    r = y + 2 * (1 - red) * v
    b = y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    return torch.stack([r, g, b]).clamp(0, 1)


def rgb_to_yuv(rgb: Tensor, tags: ColorTags, pixels: PixelFormat) -> Yuv:
    """(3, h, w) to Y and to chroma of the format's size."""
    red, blue = luma_shares(tags)
    r, g, b = rgb.clamp(0, 1)
    y = red * r + (1 - red - blue) * g + blue * b
    if not pixels.step_x:
        return y, None
    chroma = torch.stack([(b - y) / (2 * (1 - blue)), (r - y) / (2 * (1 - red))])
    return y, _gather(chroma, pixels)


def rgb_to_picture(rgb: Tensor, tags: ColorTags, pixels: PixelFormat) -> Picture:
    """(3, h, w) to a picture of any format; ``tags`` are those of YUV."""
    if rgb.device.type != "cpu":  # it has enough memory, and few operations are better
        return _to_picture(rgb, tags, pixels)
    bands = [_to_picture(band, tags, pixels).planes for band in rgb.split(BAND_ROWS, dim=1)]
    return Picture(tuple(np.concatenate(parts) for parts in zip(*bands, strict=True)), pixels)


def _to_picture(rgb: Tensor, tags: ColorTags, pixels: PixelFormat) -> Picture:
    if not pixels.is_rgb:
        return to_planes(rgb_to_yuv(rgb, tags, pixels), tags, pixels)
    r, g, b = rgb.clamp(0, 1) * (2**pixels.bits - 1)
    return Picture(tuple(_samples(value, pixels.bits) for value in (g, b, r)), pixels)


def resize_chroma(chroma: Tensor, pixels: PixelFormat, size: tuple[int, int]) -> Tensor:
    """Chroma of one picture for another format or size, which may be larger."""
    wanted = pixels.chroma_size(*size)
    if chroma.shape[-2:] == wanted:
        return chroma
    return F.interpolate(chroma[None], size=wanted, mode="bicubic", antialias=True)[0]


def to_planes(yuv: Yuv, tags: ColorTags, pixels: PixelFormat) -> Picture:
    """Numbers to samples, rounded once."""
    y0, y_span, c_span = levels(pixels.bits, tags)
    y, chroma = yuv
    values = [y * y_span + y0]
    if pixels.step_x:
        middle = 2 ** (pixels.bits - 1)
        if chroma is None:
            size = pixels.chroma_size(*y.shape)
            values += [torch.full(size, float(middle))] * 2
        else:
            values += list(chroma * c_span + middle)
    return Picture(tuple(_samples(value, pixels.bits) for value in values), pixels)


def levels(bits: int, tags: ColorTags) -> tuple[float, float, float]:
    """The sample of black, and how many samples Y and chroma span."""
    if tags.range == FULL:
        top = 2**bits - 1
        return 0.0, top, top
    unit = 2 ** (bits - 8)
    return 16.0 * unit, 219.0 * unit, 224.0 * unit


def _tensor(plane: np.ndarray, device: torch.device) -> Tensor:
    plane = plane if plane.dtype == np.uint8 else plane.astype(np.int32)  # torch lacks uint16
    return torch.from_numpy(plane).to(device).float()


def _samples(values: Tensor, bits: int) -> np.ndarray:
    values = values.round().clamp(0, 2**bits - 1)
    if bits == 8:
        return values.byte().cpu().numpy()
    return values.int().cpu().numpy().astype(np.uint16)


def _spread(chroma: Tensor, pixels: PixelFormat, height: int, width: int) -> Tensor:
    """Chroma for every pixel, by linear interpolation between where it stands."""
    rows = (torch.arange(height, device=chroma.device) + 0.5) / pixels.step_y - 0.5
    columns = torch.arange(width, device=chroma.device) / pixels.step_x
    return _interpolate(_interpolate(chroma, rows, -2), columns, -1)


def _interpolate(x: Tensor, at: Tensor, dim: int) -> Tensor:
    last = x.shape[dim] - 1
    at = at.clamp(0, last)
    low = at.floor().long()
    share = (at - low).unsqueeze(-1) if dim == -2 else at - low
    high = (low + 1).clamp(max=last)
    return torch.lerp(x.index_select(dim, low), x.index_select(dim, high), share)


def _gather(chroma: Tensor, pixels: PixelFormat) -> Tensor:
    """Chroma of the format's size: a triangle over the columns, the mean of the rows."""
    step_x, step_y = pixels.step_x, pixels.step_y
    height, width = chroma.shape[-2:]
    high, wide = pixels.chroma_size(height, width)
    # a last sample that stands for fewer pixels takes them from the border's repeat
    missing = (high * step_y - height, wide * step_x - width)
    x = F.pad(chroma, (step_x - 1, step_x - 1 + missing[1], 0, missing[0]), mode="replicate")
    # a convolution, in fp32 on every device, and quicker than conv2d with so few channels
    first, *others = (x[:, row::step_y] for row in range(step_y))
    x = sum(others, first) / step_y
    ramp = [*range(1, step_x + 1), *range(step_x - 1, 0, -1)]
    reach = (wide - 1) * step_x + 1
    return sum(w / step_x**2 * x[..., k : k + reach : step_x] for k, w in enumerate(ramp))
