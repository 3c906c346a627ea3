"""Windows of neighbouring frames, one around every frame of a clip."""

from fca2_plugin._suggest import check_choice

__all__ = ["BORDERS", "window_indices"]

BORDERS = ("replicate", "reflection", "reflection_circle", "circle")


def window_indices(num_frames: int, window: int, border: str = "reflection") -> list[list[int]]:
    """Which frames each window holds, one window for every frame.

    The names of ``border`` and what they mean are BasicSR's. At frame 0 with a window of 5:
    ``replicate`` 0 0 0 1 2, ``reflection`` 2 1 0 1 2, ``reflection_circle`` 4 3 0 1 2,
    ``circle`` 3 4 0 1 2. A clip too short for that is reflected as often as needed.

    Args:
        num_frames: Frames of the clip.
        window: Frames of a window, odd.
        border: What stands for frames before the first and after the last.

    Raises:
        ValueError: An even window, or an unknown border.
    """
    check_choice("border", border, BORDERS)
    if window < 1 or window % 2 == 0:
        raise ValueError(f"a window of {window} frames has no middle; expected an odd number")
    last, reach = num_frames - 1, window // 2

    def inside(index: int, center: int) -> int:
        if border == "replicate":
            return min(max(index, 0), last)
        if border == "reflection_circle" and index < 0:
            index = center + reach - index
        elif border == "reflection_circle" and index > last:
            index = center - reach + last - index
        elif border == "circle" and not 0 <= index <= last:
            index += window if index < 0 else -window
        index %= max(2 * last, 1)
        return min(index, 2 * last - index)

    return [
        [inside(index, center) for index in range(center - reach, center + reach + 1)]
        for center in range(num_frames)
    ]
