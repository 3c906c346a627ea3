"""What came of it, as Markdown and JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from fca2_plugin import __version__
from fca2_plugin.codec import library_versions
from tests.apps.upscale.corpus.checks import Outcome
from tests.apps.upscale.corpus.kills import KillReport
from tests.apps.upscale.corpus.memory import LIMIT, Grown

__all__ = ["Proof"]


@dataclass
class Proof:
    """All that was found.

    Args:
        files: What came of each.
        kills: What came of these, if there were any.
        memory: Of long files.
    """

    files: list[Outcome] = field(default_factory=list)
    kills: KillReport | None = None
    memory: list[Grown] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is not as it must be."""
        found = [f"{file.name}: {problem}" for file in self.files for problem in file.problems]
        found += self.kills.problems if self.kills else []
        return found + [f"memory grows with {one.preset}" for one in self.memory if not one.is_flat]

    def as_json(self) -> dict[str, object]:
        """All of it in JSON types."""
        return {
            "versions": _versions(),
            "problems": self.problems,
            "files": [asdict(file) for file in self.files],
            "kills": self.kills and asdict(self.kills),
            "memory": [asdict(one) | {"ratio": one.ratio} for one in self.memory],
        }

    def as_markdown(self) -> str:
        """All of it as tables."""
        versions = ", ".join(f"{name} {value}" for name, value in _versions().items())
        problems = "; ".join(self.problems) or "none"
        parts = [f"Measured with {versions}. Problems: {problems}."]
        if self.files:
            parts += [_kept(self.files), _refused(self.files)]
        if self.kills:
            parts.append(_kills(self.kills))
        if self.memory:
            parts.append(_memory(self.memory))
        return "\n\n".join(parts) + "\n"


def _versions() -> dict[str, str]:
    return {"fca2_plugin": __version__, "torch": version("torch"), **library_versions()}


def _kept(outcomes: Sequence[Outcome]) -> str:
    kept = [outcome for outcome in outcomes if not outcome.refused]
    rows = [
        f"## {len(kept)} files that are upscaled",
        "",
        "| file | what is odd | source | frames | other packets | OUT | error | |",
        "|---|---|---|---:|---:|---|---:|---|",
    ]
    for one in kept:
        error = "" if one.error is None else f"{one.error:.1f}"
        cells = (one.name, one.about, one.source, one.frames, one.packets, one.out, error)
        rows.append(f"| {' | '.join(map(str, cells))} | {_verdict(one)} |")
    return "\n".join(rows)


def _refused(outcomes: Sequence[Outcome]) -> str:
    refused = [outcome for outcome in outcomes if outcome.refused]
    rows = [
        f"## {len(refused)} that are refused",
        "",
        "| file | what is wrong | the message | |",
        "|---|---|---|---|",
    ]
    for one in refused:
        said = " ".join(one.said).replace("error: ", "").replace(" (--debug shows where)", "")
        rows.append(f"| {one.name} | {one.about} | {said} | {_verdict(one)} |")
    return "\n".join(rows)


def _verdict(outcome: Outcome) -> str:
    return "; ".join(outcome.problems) or "ok"


def _kills(kills: KillReport) -> str:
    stages = Counter(kill.stage for kill in kills.kills)
    rows = [
        f"## {len(kills.kills)} kills",
        "",
        f"Each of {kills.jobs} jobs was killed (SIGKILL) and resumed until it was done: "
        f"{len(kills.problems)} of them wrote another file than a job that nobody stopped.",
        "",
        "| killed while | kills | frames done then |",
        "|---|---:|---|",
    ]
    for stage in ("start", "scan", "upscale", "join"):
        done = sorted(kill.done for kill in kills.kills if kill.stage == stage)
        rows.append(f"| {stage} | {stages[stage]} | {', '.join(map(str, done))} |")
    return "\n".join(rows)


def _memory(grown: Sequence[Grown]) -> str:
    lengths = grown[0].lengths
    heads = " | ".join(f"{length:,} frames" for length in lengths)
    rows = [
        "## Memory",
        "",
        "The table shows the largest resident memory of the process in MiB. The ratio divides the "
        f"value for {lengths[-1]:,} frames by that for {lengths[-2]:,}; it may be at most {LIMIT}.",
        "",
        f"| preset | {heads} | ratio |",
        f"|---|{'---:|' * len(lengths)}---:|",
    ]
    for one in grown:
        peaks = " | ".join(f"{peak:.0f}" for peak in one.peaks_mib)
        rows.append(f"| {one.preset}, {one.size} | {peaks} | {one.ratio:.3f} |")
    return "\n".join(rows)
