"""How large the result is, and which part of the source it shows.

::

    frame - crop - network, times its scale - antialiased resize - result
"""

from dataclasses import dataclass

from fca2_plugin.apps.upscale.options import AUTO, UpscaleOptions
from fca2_plugin.codec.picture import PixelFormat
from fca2_plugin.codec.scan import Scan

__all__ = ["OutputGeometry", "choose_geometry"]

_SIDEWAYS = (90, 270)  # degrees
MOST_SIDE = 16_384  # pixels that H.264, HEVC and AV1 take


@dataclass(frozen=True)
class OutputGeometry:
    """Sizes of pictures, height first.

    Args:
        box: What is kept of the source's frames: top, left, height, width.
        size: Of the result.
        notes: What there is to know, a sentence each.
    """

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    notes: tuple[str, ...] = ()

    @property
    def given(self) -> tuple[int, int]:
        """What the network sees."""
        return self.box[2:]


def choose_geometry(
    given: Scan, pixels: PixelFormat, scale: int, options: UpscaleOptions
) -> OutputGeometry:
    """Decide what is kept of a frame and how large it becomes.

    Args:
        given: The source.
        pixels: Its format.
        scale: The network's.
        options: The user's.

    Raises:
        ValueError: The crop does not lie within the frame, or the result would be smaller.
    """
    box, notes = _crop(given, pixels, options.crop)
    height, width = box[2:]
    size = _size(height, width, scale, given.rotation in _SIDEWAYS, options)
    factor = max(size[0] / height, size[1] / width)
    if size != (scale * height, scale * width):
        what = "enlarged further" if factor > scale else "made smaller"
        notes.append(
            f"the network's {scale * width}x{scale * height} pictures are {what} to "
            f"{size[1]}x{size[0]} by an antialiased bicubic filter"
        )
    return OutputGeometry(box, size, tuple(notes))


def _size(
    height: int, width: int, scale: int, is_sideways: bool, options: UpscaleOptions
) -> tuple[int, int]:
    if options.height is None and options.scale in (None, scale):
        return scale * height, scale * width
    side = width if is_sideways else height
    factor = options.scale or (options.height or scale * side) / side
    asked = f"scale {options.scale:g}" if options.scale else f"height {options.height}"
    if factor < 1:
        shown = f"{height}x{width}" if is_sideways else f"{width}x{height}"
        raise ValueError(
            f"{asked} would make pictures of {shown} smaller; expected at least their own size"
        )
    # most encoders want even sides
    size = max(2, 2 * round(height * factor / 2)), max(2, 2 * round(width * factor / 2))
    if max(size) > MOST_SIDE:
        raise ValueError(
            f"{asked} would make pictures of {size[1]}x{size[0]}, which no encoder takes; expected "
            f"at most {MOST_SIDE} pixels a side"
        )
    return size


def _crop(
    given: Scan, pixels: PixelFormat, crop: str | None
) -> tuple[tuple[int, int, int, int], list[str]]:
    whole = 0, 0, given.height, given.width
    if crop is None:
        return whole, []
    steps = pixels.step_y or 1, pixels.step_x or 1
    if crop == AUTO:
        box = _inward(given.box or whole, *steps)
        if box == whole:
            return whole, ["no black bars were found, so nothing was cut away"]
        top, left, height, width = box
        return box, [f"black bars were cut away: crop {width}:{height}:{left}:{top}"]
    width, height, left, top = map(int, crop.split(":"))
    if not (width and height) or left + width > given.width or top + height > given.height:
        raise ValueError(
            f"crop {crop} does not lie within pictures of {given.width}x{given.height}; expected "
            "W:H:X:Y with X + W and Y + H no larger than that"
        )
    if any(side % step for side, step in ((top, steps[0]), (left, steps[1]))):
        raise ValueError(
            f"crop {crop} begins between chroma samples of {pixels.name}; expected X to be a "
            f"multiple of {steps[1]} and Y of {steps[0]}"
        )
    return (top, left, height, width), []


def _inward(box: tuple[int, int, int, int], step_y: int, step_x: int) -> tuple[int, int, int, int]:
    """The largest box inside of this one that holds whole chroma samples."""
    top, left, height, width = box
    y, x = -(-top // step_y) * step_y, -(-left // step_x) * step_x
    bottom, right = (top + height) // step_y * step_y, (left + width) // step_x * step_x
    return (y, x, bottom - y, right - x) if bottom > y and right > x else box
