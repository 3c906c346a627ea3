"""MMEngine lays out the text of a config once.

Breaks: nothing, but a run of a minute spends seconds on it.
Why: the text stands in the log, in the run's folder and in every checkpoint, and each time MMEngine
has yapf lay it out anew, which takes a good part of a second.
Here: the latest layouts are kept.
"""

from functools import lru_cache

from mmengine.config import config

__all__ = ["apply"]


def apply() -> str | None:
    theirs = getattr(config, "FormatCode", None)
    if theirs is None:
        return None

    @lru_cache(maxsize=4)
    def lay_out(text: str, settings: tuple[tuple[str, object], ...], options: tuple) -> tuple:
        return theirs(text, style_config=dict(settings), **dict(options))

    def once(text: str, style_config: dict, **options: object) -> tuple:
        return lay_out(text, tuple(style_config.items()), tuple(options.items()))

    config.FormatCode = once
    return "MMEngine lays out the text of a config anew for every checkpoint"
