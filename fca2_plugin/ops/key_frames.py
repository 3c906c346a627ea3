"""Which frames of a clip are key frames: spread evenly, both ends among them, B frames avoided.

An encoder gives I and P frames more bits, since others are predicted from them, so that they are
the better key frames where types are known. How evenly key frames lie is weighed against that: a
gap of ``g`` frames costs ``(g - 1) ** 2 / 2``, and a key frame of type B costs ``_B``.

The choice depends on the clip's length and types alone. Whoever runs a clip in windows chooses for
the whole clip, and takes from that what lies in a window.
"""

__all__ = ["spread_keys"]

_B = 2.0
_SLACK = 3  # key frames by which a beginning of the clip may differ from an even share
_NEVER = float("inf")


def spread_keys(num_frames: int, num_keys: int, types: str | None = None) -> tuple[int, ...]:
    """Choose key frames; the first and the last frame are among them.

    From one to the next it is at most one frame further than where all are equally far apart.

    Args:
        num_frames: Frames of the clip.
        num_keys: How many are wanted; one for a single frame, else at least two.
        types: One letter a frame, ``I``, ``P``, ``B``, or ``?`` where it is not known; None where
            none is.

    Raises:
        ValueError: There are more key frames than frames, too few, or another number of types.

    Example:
        >>> spread_keys(7, 3)
        (0, 3, 6)
    """
    if num_keys > num_frames or num_keys < min(num_frames, 2):
        raise ValueError(
            f"{num_keys} key frames do not fit a clip of {num_frames} frames; expected from "
            f"{min(num_frames, 2)} to {num_frames}"
        )
    if types is not None and len(types) != num_frames:
        raise ValueError(
            f"got the types of {len(types)} frames for a clip of {num_frames}; give one letter for "
            "each frame"
        )
    if num_frames == 1:
        return (0,)
    if types is None or "B" not in types:
        last, gaps = num_frames - 1, num_keys - 1
        return tuple((2 * k * last + gaps) // (2 * gaps) for k in range(num_keys))
    return _cheapest(num_keys, types)


def _cheapest(num_keys: int, types: str) -> tuple[int, ...]:
    """The cheapest choice, by dynamic programming over the frames.

    ``best[f, k]`` is the cost up to frame ``f`` as the key frame ``k``, and the one before it.
    """
    last, gaps = len(types) - 1, num_keys - 1
    longest = -(-last // gaps) + 1
    best: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for frame in range(1, last + 1):
        here = _B if types[frame] == "B" and frame < last else 0.0
        share = frame * gaps // last
        for k in range(max(1, share - _SLACK), min(gaps, share + _SLACK + 1) + 1):
            cost, before = min(
                (best.get((frame - gap, k - 1), (_NEVER,))[0] + (gap - 1) ** 2 / 2, frame - gap)
                for gap in range(1, min(longest, frame) + 1)
            )
            if cost < _NEVER:
                best[frame, k] = cost + here, before
    keys = [last]
    for k in range(gaps, 0, -1):
        keys.append(best[keys[-1], k][1])
    return tuple(reversed(keys))
