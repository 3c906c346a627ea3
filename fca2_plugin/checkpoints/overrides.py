"""A resumed run whose config changed: what the checkpoint keeps, and what the config changes.

An optimiser's own values (learning rate, betas, ...) stay those of the checkpoint, which its state
was made with. BasicSR's schedules go on where they were by the settings of the config (milestones,
periods, ...), from which they compute every value again. MMEngine's compute each value from the one
before, so that other settings would fit nothing that came before: they stay, too. Only their end,
which is the run's unless somebody set it, moves with a run that is prolonged.
"""

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Asked", "check_periods", "nothing_to_resume"]

# How far a schedule has come.
_PROGRESS = ("last", "base_", "_", "T_cur", "verbose", "optimizer")
_DERIVED = ("cumulative_",)  # follows from other settings


class Asked:
    """What the config asks for, taken down before a state is loaded over it.

    Args:
        groups: Parameter groups of the optimisers.
        schedulers: Schedulers of torch's kind.
    """

    def __init__(self, groups: Iterable[Mapping], schedulers: Sequence) -> None:
        self.groups = [_group(group) for group in groups]
        self.schedules = [_schedule(scheduler.state_dict()) for scheduler in schedulers]

    def settle(
        self, groups: Iterable[Mapping], schedulers: Sequence, option: str, reschedule: bool
    ) -> str:
        """Return what to say of the two; empty if they agree.

        Args:
            groups: The parameter groups after loading.
            schedulers: The schedulers after loading.
            option: What starts another run from the same weights.
            reschedule: Give the schedulers all settings of the config, and not their end alone.
        """
        kept = _differences([_group(group) for group in groups], self.groups, "the config says")
        saved, taken = [_schedule(scheduler.state_dict()) for scheduler in schedulers], []
        for scheduler, asked in zip(schedulers, self.schedules, strict=False):
            own = vars(scheduler)
            own.update({k: v for k, v in asked.items() if k in own and (reschedule or k == "end")})
        if reschedule:
            taken = _differences(self.schedules, saved, "the checkpoint had")
        else:
            saved = [{k: v for k, v in schedule.items() if k != "end"} for schedule in saved]
            kept += _differences(saved, self.schedules, "the config says")
        parts = []
        if kept:
            parts.append(f"keeps the values of its checkpoint for {'; '.join(kept)}")
        if taken:
            parts.append(f"takes the values of the config for {'; '.join(taken)}")
        if not parts:
            return ""
        way_out = f"; to use new values, start another run from the weights with {option}"
        return f"the resumed run {', and '.join(parts)}{way_out if kept else ''}"


def nothing_to_resume(folder: object) -> str:
    """The warning for a folder without a run, whose name may be mistyped.

    Example:
        >>> nothing_to_resume("work_dirs/run")
        'there is nothing to resume in work_dirs/run; training starts at the first iteration'
    """
    return f"there is nothing to resume in {folder}; training starts at the first iteration"


def check_periods(periods: Iterable[int], total: int, place: str, total_place: str) -> None:
    """Make sure that a schedule of periods lasts as long as the run.

    Raises:
        ValueError: It ends before.
    """
    last = sum(periods)
    if last < total:
        raise ValueError(
            f"{place} end at iteration {last}, but {total_place} is {total}; make them as long as "
            "the run"
        )


def _group(group: Mapping) -> dict[str, object]:
    rest = {k: v for k, v in group.items() if k not in ("params", "lr", "initial_lr")}
    return {"lr": group.get("initial_lr", group.get("lr")), **rest}


def _schedule(state: Mapping) -> dict[str, object]:
    return {key: value for key, value in state.items() if not str(key).startswith(_PROGRESS)}


def _differences(used: Iterable[Mapping], other: Iterable[Mapping], words: str) -> list[str]:
    """Settings that differ, each once: the value that counts, and the other."""
    found = []
    for one, two in zip(used, other, strict=False):
        for key in one:
            differs = key in two and _plain(one[key]) != _plain(two[key])
            if differs and not key.startswith(_DERIVED):
                found.append(f"{key} {_plain(one[key])} ({words} {_plain(two[key])})")
    return list(dict.fromkeys(found))


def _plain(value: object) -> object:
    if hasattr(value, "elements"):  # the Counter of milestones
        return sorted(value.elements())
    return list(value) if isinstance(value, tuple) else value
