"""Windows of frames that fit the channel grouping.

The paper's eq. 3 puts G = (C - n_ovls) / (n_subs - n_ovls) groups over the C channels of a clip and
does not define what happens with a remainder, so training windows are chosen without one.
"""

import warnings

__all__ = ["fits", "fitting_num_frames", "warn_of_waste"]


def fits(num_frames: int, n_subs: int, n_ovls: int) -> bool:
    """Return whether the groups cover a clip of ``num_frames`` exactly.

    Args:
        num_frames: The RGB frames of the clip.
        n_subs: Channels in a group.
        n_ovls: Channels that neighbouring groups share.

    Raises:
        ValueError: There are no such groups.

    Example:
        >>> fits(7, n_subs=9, n_ovls=3), fits(8, n_subs=9, n_ovls=3)
        (True, False)
    """
    if n_subs < 1 or not 0 <= n_ovls < n_subs:
        raise ValueError(
            f"n_subs must be at least 1, and n_ovls from 0 to n_subs - 1; got n_subs={n_subs}, "
            f"n_ovls={n_ovls}"
        )
    total = 3 * num_frames
    return total >= n_subs and (total - n_ovls) % (n_subs - n_ovls) == 0


def fitting_num_frames(n_subs: int, n_ovls: int, at_least: int = 1) -> int:
    """Return the smallest number of frames from ``at_least`` that the groups cover exactly.

    Raises:
        ValueError: No clip length fits such groups, or an argument is out of range.

    Example:
        >>> fitting_num_frames(n_subs=9, n_ovls=3, at_least=8)
        9
    """
    if at_least < 1:
        raise ValueError(f"at_least must be at least 1, got {at_least}")
    first = max(at_least, -(-n_subs // 3))
    # The remainder repeats after at most n_subs - n_ovls frames, so this search is complete.
    for num_frames in range(first, first + max(1, n_subs - n_ovls)):
        if fits(num_frames, n_subs, n_ovls):
            return num_frames
    raise ValueError(
        f"groups of n_subs={n_subs} with n_ovls={n_ovls} fit no number of RGB frames exactly; "
        "choose multiples of 3 for both"
    )


def warn_of_waste(window: int, n_subs: int, n_ovls: int, chunk_frames: int | None) -> None:
    """Warn of a training window of which the model repeats frames or shifts a group.

    Args:
        window: Frames of the window.
        n_subs: Channels in a group of the model.
        n_ovls: Channels shared by neighbouring groups.
        chunk_frames: Frames that the model encodes together; ``None`` for the whole window.
    """
    if chunk_frames is not None:
        if window % chunk_frames:
            warnings.warn(
                f"a window of {window} frames fills its last chunk of {chunk_frames} by repeating "
                f"a frame; {-(-window // chunk_frames) * chunk_frames} frames fit exactly",
                stacklevel=3,
            )
    elif not fits(window, n_subs, n_ovls):
        try:
            advice = f"{fitting_num_frames(n_subs, n_ovls, at_least=window)} frames fit exactly"
        except ValueError:
            advice = "no number of frames fits exactly"
        warnings.warn(
            f"a window of {window} frames does not fit groups of n_subs={n_subs}, "
            f"n_ovls={n_ovls}: the last group is shifted back; {advice}",
            stacklevel=3,
        )
