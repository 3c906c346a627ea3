"""Which values options may have, by their names: the same in the configs of both hosts."""

import math

__all__ = ["check_value"]

_COUNT = (1, 100_000)
_TIMES = (1, 10**9)
_WIDTH = (1, 8192)
_SHARE = (0, 1)
#: From and to, both allowed.
_RANGES: dict[str, tuple[float, float]] = {
    "mid_channels": _WIDTH,
    "clean_channels": (0, 8192),
    "num_feat": _WIDTH,
    "num_blocks": (0, 1000),
    "num_block": (0, 1000),
    "clean_blocks": (0, 1000),
    "num_passes": (0, 100),
    "n_subs": (1, 3000),
    "n_ovls": (0, 3000),
    "chunk_frames": (1, 1000),
    "trunk_frames": (1, 1000),
    "chunks_at_once": _COUNT,
    "scale": (1e-3, 64),
    "gt_size": _WIDTH,
    "gt_patch_size": _WIDTH,
    "lr": (0, 1000),
    "weight_decay": (0, 1000),
    "ema_decay": _SHARE,
    "raw_prob": _SHARE,
    "total_iter": _TIMES,
    "max_iters": _TIMES,
    "val_interval": _TIMES,
    "val_freq": _TIMES,
    "print_freq": _TIMES,
    "save_checkpoint_freq": _TIMES,
    "dataset_enlarge_ratio": (1e-9, 10**9),
    "batch_size_per_gpu": _COUNT,
    "batch_size": _COUNT,
    "num_worker_per_gpu": (0, 1000),
    "num_workers": (0, 1000),
    "manual_seed": (0, 2**32 - 1),
}


def check_value(place: str, key: str, value: object) -> None:
    """Check the number that an option holds against the range of options with this name.

    Args:
        place: What the message calls the option.
        key: Its name.
        value: Its value; only numbers, and texts in the place of numbers, are looked at.

    Raises:
        ValueError: It is not a number, is infinite, or out of range.
    """
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, float) and not math.isfinite(one):
            raise ValueError(f"{place} is {value!r}; expected a finite number")
    if key not in _RANGES:
        return
    least, most = _RANGES[key]
    if isinstance(value, str | bool) and value not in ("preset", "auto"):
        raise ValueError(f"{place} is {value!r}; expected a number")
    if isinstance(value, int | float) and not least <= value <= most:
        raise ValueError(f"{place} is {value!r}; expected a number {_words(least, most)}")


def _words(least: float, most: float) -> str:
    return f"above 0, at most {most:g}" if 0 < least < 1 else f"from {least:g} to {most:,}"
