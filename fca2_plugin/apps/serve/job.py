"""One upload: its files, where it stands, and how that is kept for a server that starts again."""

import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fca2_plugin._files import read_json, write_json
from fca2_plugin.apps.upscale import Progress

__all__ = ["Job", "find_jobs"]

ID_BYTES = 8
KEPT = ("name", "bytes", "added", "state", "error", "notes", "result", "comparison")
KEPT_IN = "job.json"
SAME_CONTAINER = (".mp4", ".mov")  # Matroska takes what all others hold


@dataclass(eq=False)
class Job:
    """What a user sees as one line of the page.

    Args:
        folder: With its files, named by the job's id.
        name: Of the video, as the user calls it.
        bytes: Of the video.
        added: Seconds since 1970.
        state: ``queued``, ``running``, ``done``, ``failed`` or ``stopped``.
        error: Why it failed, one sentence.
        notes: What there is to know of the result, a sentence each.
        result: ``name``, ``bytes``, ``width``, ``height``, ``frames`` and ``seconds`` of work.
        comparison: A ``Comparison``, as a dictionary.
    """

    folder: Path
    name: str
    bytes: int = 0
    added: float = field(default_factory=time.time)
    state: str = "queued"
    error: str | None = None
    notes: list[str] = field(default_factory=list)
    result: dict | None = None
    comparison: dict | None = None

    def __post_init__(self) -> None:
        self.progress: Progress | None = None
        self.is_stopping = self.is_unwanted = False  # what the user asked of a running job

    @classmethod
    def new(cls, folder: Path, name: str) -> "Job":
        """A job with folders for its files, in ``folder``."""
        job = cls(folder / secrets.token_hex(ID_BYTES), name)
        job.source.parent.mkdir(parents=True)
        job.out(1).parent.mkdir()
        return job

    @classmethod
    def load(cls, folder: Path) -> "Job":
        """A job that an earlier server kept; what it had not finished waits again."""
        job = cls(folder, **read_json(folder / KEPT_IN))
        if job.state == "running":
            job.state = "queued"
        return job

    @property
    def id(self) -> str:
        """What addresses call it."""
        return self.folder.name

    @property
    def source(self) -> Path:
        """The video."""
        return self.folder / "in" / self.name

    def out(self, scale: int) -> Path:
        """Where the result is made."""
        ending = self.source.suffix.lower()
        ending = ending if ending in SAME_CONTAINER else ".mkv"
        return self.folder / "out" / f"{self.source.stem}_x{scale}{ending}"

    def file(self, kind: str) -> Path | None:
        """A finished file, ``result`` or ``comparison``; None where there is none."""
        if kind == "result" and self.result is not None:
            return self.folder / "out" / self.result["name"]
        return self.comparison_path if kind == "comparison" and self.comparison else None

    @property
    def comparison_path(self) -> Path:
        """Where the comparison is made."""
        return self.folder / "comparison.mp4"

    def keep(self) -> None:
        """Note where it stands, for a server that starts again."""
        write_json(self.folder / KEPT_IN, {name: getattr(self, name) for name in KEPT})

    def clean(self) -> None:
        """Remove what was made, but not the video."""
        shutil.rmtree(self.out(1).parent)
        self.out(1).parent.mkdir()

    def remove(self) -> None:
        """Remove all its files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def owns(folder: Path) -> bool:
        """Whether ``new`` made a folder."""
        named = re.fullmatch(rf"[0-9a-f]{{{2 * ID_BYTES}}}", folder.name)
        return bool(named) and (folder / "in").is_dir() and (folder / "out").is_dir()

    def describe(self, before: int) -> dict:
        """Everything, for the page.

        Args:
            before: Jobs whose turn is earlier.
        """
        facts = {name: getattr(self, name) for name in KEPT}
        facts |= {"id": self.id, "is_stopping": self.is_stopping, "before": before}
        if self.comparison is not None:  # thousands of times are for who compares
            facts["comparison"] = {k: v for k, v in self.comparison.items() if k != "times"}
        facts["progress"] = None
        if self.state == "running" and self.progress is not None:
            facts["progress"] = asdict(self.progress)
            del facts["progress"]["source"]
        return facts


def find_jobs(folder: Path) -> list[Job]:
    """What an earlier server kept, the oldest first; of uploads that broke off, nothing stays."""
    jobs = []
    for path in filter(Job.owns, folder.iterdir()):
        if (path / KEPT_IN).is_file():
            jobs.append(Job.load(path))
        else:
            shutil.rmtree(path)
    return sorted(jobs, key=lambda job: job.added)
