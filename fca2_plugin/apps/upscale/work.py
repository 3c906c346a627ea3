"""The hidden folder beside a result that is not whole yet: what a stopped job goes on with."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, fields
from fractions import Fraction
from pathlib import Path

import numpy as np

from fca2_plugin._files import expecting, file_at_once, locked, read_json, write_json
from fca2_plugin.codec.colors import ColorTags
from fca2_plugin.codec.scan import Scan
from fca2_plugin.inference.sizes import Sizes

__all__ = ["WorkFolder", "source_stamp"]

_ARRAYS = ("times", "keys", "sums", "numbers", "stored")
_FRACTIONS = ("time_base", "rate", "aspect")


class WorkFolder:
    """Finished segments, and all that must be the same when a job goes on.

    Args:
        out: The result that will be made of them.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f".{out.name}.upscale")
        self.out = out
        self._suffix = out.suffix
        self._settings = self.path / "settings.json"
        self._scan = self.path / "scan.npz"
        self._replaces = self.path / "replaces"

    def locked(self) -> AbstractContextManager[None]:
        """Keep other processes away from the result.

        Raises:
            Busy: One has it.
        """
        return locked(self.out.with_name(f".{self.out.name}.lock"), str(self.out))

    def exists(self) -> bool:
        """Whether a job stopped here."""
        return self._settings.is_file()

    def replaces(self) -> bool:
        """Whether the job that stopped here began with a result that it was to replace."""
        return self.exists() and self._replaces.is_file()

    def begin(
        self,
        settings: Mapping[str, object],
        scan: Scan,
        sizes: Sizes,
        replaces: bool = False,
    ) -> None:
        """Start a job from nothing, and note whether there is a result that it ``replaces``."""
        self.remove()
        self.path.mkdir(mode=0o700)  # frames of somebody's video
        if replaces:
            self._replaces.touch()
        self._put_scan(scan)
        self.put_sizes(0, sizes)
        write_json(self._settings, settings)  # last: with it the job exists

    def has_segments(self) -> bool:
        """Whether anything is finished."""
        return any(self.path.glob("segment-*.mkv"))

    def check(self, settings: Mapping[str, object]) -> None:
        """See that a job that goes on is the one that stopped.

        Raises:
            ValueError: A setting differs; the message says which.
        """
        with self._whole(self._settings):
            before = {**read_json(self._settings)}
        now = json.loads(json.dumps(settings))
        changed = [
            f"{key} was {_short(before.get(key))} and is {_short(now.get(key))}"
            for key in sorted({*before, *now})
            if before.get(key) != now.get(key)
        ]
        if changed:
            raise ValueError(
                f"the interrupted job in {self.path} cannot be resumed, because "
                f"{'; '.join(changed)}; use the same settings again, or start again with "
                "--overwrite"
            )

    def segment(self, number: int) -> Path:
        """Where a finished segment is."""
        return self.path / f"segment-{number:06d}.mkv"

    @property
    def trial(self) -> Path:
        """Where the encoder is tried."""
        return self.path / "trial.mkv"

    @property
    def joined(self) -> Path:
        """Where the result is put together."""
        return self.path / f"joined{self._suffix}"

    def _put_scan(self, scan: Scan) -> None:
        """Keep what the first pass over the source found."""
        facts = {f.name: getattr(scan, f.name) for f in fields(scan) if f.name not in _ARRAYS}
        cuts = np.array(facts.pop("cuts"), np.int64)
        facts["tags"] = asdict(scan.tags)
        facts |= {name: str(facts[name]) for name in _FRACTIONS}
        content = io.BytesIO()
        arrays = {name: getattr(scan, name) for name in _ARRAYS}
        np.savez(content, facts=json.dumps(facts), cuts=cuts, **arrays)
        with file_at_once(self._scan) as part:
            part.write_bytes(content.getbuffer())

    def get_scan(self) -> Scan | None:
        """What the first pass over the source found, or None."""
        if not self._scan.is_file():
            return None
        with self._whole(self._scan), np.load(self._scan) as kept:
            facts = json.loads(str(kept["facts"]))
            arrays = {name: kept[name] for name in _ARRAYS}
            facts |= {name: Fraction(facts[name]) for name in _FRACTIONS}
            facts["tags"] = ColorTags(**facts["tags"])
            facts["box"] = facts["box"] and tuple(facts["box"])
            return Scan(**arrays, **facts, cuts=tuple(kept["cuts"].tolist()))

    def _whole(self, path: Path) -> contextlib.AbstractContextManager[None]:
        return expecting(path, "what an interrupted job left", "start again with --overwrite")

    def put_sizes(self, number: int, sizes: Sizes) -> None:
        """Keep which sizes hold from a segment on."""
        write_json(self.path / f"sizes-{number:06d}.json", asdict(sizes))

    def get_sizes(self, number: int) -> Sizes:
        """The sizes that hold for a segment of a job that has begun.

        Raises:
            ValueError: Their files are missing.
        """
        kept = sorted(self.path.glob("sizes-*.json"))
        kept = [path for path in kept if int(path.stem.rpartition("-")[2]) <= number]
        if not kept:
            raise ValueError(
                f"{self.path} has lost its sizes-*.json, which an upscaling job needs; start the "
                "job again with --overwrite"
            )
        with self._whole(kept[-1]):
            return Sizes(**read_json(kept[-1]))

    def remove(self) -> None:
        """The job is finished, or forgotten."""
        if self.path.is_dir():
            # first what says that there is a job: a kill in between leaves nothing to go on with
            self._settings.unlink(missing_ok=True)
            shutil.rmtree(self.path)


def source_stamp(path: str | os.PathLike) -> dict[str, object]:
    """What tells that a source is the same file as before."""
    state = os.stat(path)
    return {"bytes": state.st_size, "changed": state.st_mtime_ns}


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:16]}..."
