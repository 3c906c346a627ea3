"""Choose key frames: evenly spread, including both ends of the clip, and avoiding B frames.

An encoder spends more bits on I and P frames, because it predicts others from them. If types are
known, they are therefore better key frames. Even spacing is weighed against that: a
gap of ``g`` frames costs ``(g - 1) ** 2 / 2``, and a key frame of type B costs ``_B``.

The choice depends only on the clip's length and types. Code that runs a clip in windows chooses for
the whole clip, and uses the part inside each window.
"""

__all__ = ["spread_keys"]

_B = 2.0
_SLACK = 3  # key frames by which any beginning of the clip may differ from an even share
_NEVER = float("inf")


def spread_keys(num_frames: int, num_keys: int, types: str | None = None) -> tuple[int, ...]:
    """Choose key frames; the first and the last frame are among them.

    No gap is more than one frame longer than with equal spacing.

    Args:
        num_frames: Frames of the clip.
        num_keys: Number of key frames; one for a single frame, otherwise at least two.
        types: One letter per frame: ``I``, ``P``, ``B``, or ``?`` if unknown; None if all are
            unknown.

    Raises:
        ValueError: There are more key frames than frames, too few key frames, or a different
            number of types.

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
    """Find the cheapest choice by dynamic programming over the frames.

    ``best[f, k]`` is the cost up to frame ``f`` as key frame ``k``, and the previous key frame.
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
