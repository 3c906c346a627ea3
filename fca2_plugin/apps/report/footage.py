"""The frames behind the results: where they lie, and which are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin.apps.pairs import open_tree
from fca2_plugin.apps.report.pictures import Comparison, TemporalProfile
from fca2_plugin.apps.report.results import Evaluation
from fca2_plugin.apps.report.views import condition_name
from fca2_plugin.data import ClipStore, open_clips

__all__ = ["Footage", "evaluated_network"]

MISSING = (
    "Pictures need frames. Evaluate with --save DIR so that a method's frames are kept, and leave "
    "the frames of --gt and --lq where they are."
)


@dataclass(frozen=True)
class Footage:
    """What can be shown of some methods under one condition.

    Args:
        evaluations: The methods, of one data set.
        condition: Such as ``crf25``.
    """

    evaluations: Sequence[Evaluation]
    condition: str

    @cached_property
    def stores(self) -> dict[str, ClipStore]:
        """By label, in the order shown: LQ, methods, GT; only what is there."""
        places: dict[str, Path | None] = {"LQ": self._source("lq")}
        for one in self.evaluations:
            folder = one.frames_dirs.get(self.condition)
            below = folder and folder / self.condition
            places[one.method] = below if below and below.is_dir() else folder
        places["GT"] = self._source("gt")
        return {
            label: store
            for label, folder in places.items()
            if folder is not None and (store := _open(folder)) is not None
        }

    @property
    def missing(self) -> str:
        """What to do to see more; empty where every method can be shown."""
        return "" if {"GT", *(o.method for o in self.evaluations)} <= set(self.stores) else MISSING

    @property
    def clips(self) -> list[str]:
        """Clips that the ground truth and at least one other has."""
        if "GT" not in self.stores:
            return []
        others = [set(s.names) for label, s in self.stores.items() if label != "GT"]
        return [name for name in self.stores["GT"].names if any(name in o for o in others)]

    def comparison(self, clip: str) -> Comparison:
        """The middle frame of a clip by all."""
        middle = self.stores["GT"].num_frames(clip) // 2
        columns = {label: self.read(label, clip, [middle])[0] for label in self._labels(clip)}
        said = f"{clip}, frame {middle + 1}"
        if self.condition:
            said += f", {condition_name(self.condition)}"
        return Comparison(said, columns)

    def profile(self, comparison: Comparison, clip: str) -> TemporalProfile:
        """The column through the middle of the comparison's window, over the whole clip."""
        height = comparison.truth.shape[0]
        y, x, h, w = comparison.window
        rows, column = slice(y, y + h), x + w // 2
        strips = {
            label: TemporalProfile.strip(self.read(label, clip), column, rows, height)
            for label in self._labels(clip)
        }
        return TemporalProfile(f"{clip}, column {column} over time, left to right", strips)

    def _labels(self, clip: str) -> list[str]:
        return [label for label, store in self.stores.items() if clip in store.names]

    def read(self, label: str, clip: str, indices: list[int] | None = None) -> list[np.ndarray]:
        """Frames of a clip as a label shows it; none where it is not there."""
        store = self.stores.get(label)
        return store.read(clip, indices) if store and clip in store.names else []

    def _source(self, key: str) -> Path | None:
        """Where the first method that says so took LQ or GT from."""
        for one in self.evaluations:
            source = one.sources.get(self.condition, {})
            if source.get(key):
                return Path(source[key])
            if source.get("data"):
                try:
                    tree = open_tree(source["data"], source.get("split"))
                except (FileNotFoundError, ValueError):
                    continue
                return tree.gt if key == "gt" else tree.lq.get(self.condition)
        return None


def _open(folder: Path) -> ClipStore | None:
    """The clips of a folder; None where it is gone or holds none, such as a video."""
    try:
        return open_clips(folder)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def evaluated_network(evaluation: Evaluation, condition: str) -> Any:
    """The network behind a result; None where its files are gone, or it has no autoencoder."""
    source = evaluation.sources.get(condition, {})
    config, checkpoint = (str(source.get(key) or "") for key in ("config", "checkpoint"))
    if not (Path(config).is_file() and Path(checkpoint).is_file()):
        return None
    from fca2_plugin.inference.load import load_network

    network = load_network(config, checkpoint)
    return None if getattr(network, "autoencoder", None) is None else network
