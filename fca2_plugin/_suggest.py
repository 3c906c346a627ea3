"""Answers to a misspelt name."""

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = ["check_choice", "check_settings", "did_you_mean"]

_MAX_LISTED = 60  # choices that still make one sentence


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)``, or the sorted choices when nothing is close.

    More choices than fit a sentence are not listed.
    """
    choices = sorted(map(str, choices))
    close = difflib.get_close_matches(str(name), choices, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (expected one of {', '.join(choices)})" if len(choices) <= _MAX_LISTED else ""


def check_choice(what: str, name: Any, choices: Iterable[str]) -> str:
    """Return ``name`` when it is one of ``choices``.

    Raises:
        ValueError: It is not; the message suggests the nearest choice.
    """
    choices = list(choices)
    if name not in choices:
        raise ValueError(f"unknown {what} {name!r}{did_you_mean(name, choices)}")
    return name


def check_settings(what: str, settings: Iterable[str], known: Iterable[str]) -> None:
    """Refuse settings that nothing reads.

    Raises:
        TypeError: One of ``settings`` is not in ``known``; the message suggests the nearest.
    """
    known = list(known)
    for key in settings:
        if key not in known:
            raise TypeError(f"{what} has no setting {key!r}{did_you_mean(key, known)}")
