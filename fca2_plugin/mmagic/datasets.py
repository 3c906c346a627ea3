"""Clips for MMagic: its own pipelines over folders, or whole samples from folders and LMDB."""

import contextlib
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmagic.datasets import BasicFramesDataset
from mmengine.dataset import BaseDataset

from fca2_plugin._distributed import build_once
from fca2_plugin.data.clip_set import CLIP_KEYS, open_clip_set
from fca2_plugin.data.clips import find_clip, find_clips
from fca2_plugin.data.demo import build_demo
from fca2_plugin.data.sample import TakesRounds, sample_rng
from fca2_plugin.data.windows import warn_of_waste
from fca2_plugin.mmagic.transforms import check_clip

__all__ = ["FCA2ClipsDataset", "FCA2FramesDataset"]


@contextlib.contextmanager
def _drawing_from(rng: np.random.Generator) -> Iterator[None]:
    """Let everything that draws from NumPy's and Python's global state draw from ``rng``."""
    states = np.random.get_state(), random.getstate()
    np.random.seed(rng.integers(2**32))
    random.seed(int(rng.integers(2**32)))
    try:
        yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])


class FCA2FramesDataset(TakesRounds, BasicFramesDataset):
    """``BasicFramesDataset`` that knows groups of frames and says what is wrong with a folder.

    With ``sampler=dict(type='FCA2InfiniteSampler')``, all transforms of the pipeline draw from the
    seed, the clip and the round, whatever the number of workers and processes.

    Args:
        *args: See ``BasicFramesDataset``.
        n_subs: Channels in a group of the model.
        n_ovls: Channels shared by neighbouring groups.
        chunk_frames: Frames that the model encodes together; None for the whole window.
        seed: Seed of what the transforms draw, where the sampler gives rounds.
        **kwargs: See ``BasicFramesDataset``. A training window that wastes frames warns.

    Raises:
        FileNotFoundError: A folder of ``data_prefix`` is missing.
        ValueError: A folder is empty, a clip is empty or shorter than the window, or (when the
            clip is first read) its frames differ in size, are not 8-bit RGB, or not the same ones
            in both folders.
    """

    # MMEngine takes strings of a config's ``metainfo`` for names of files to read; these it keeps.
    METAINFO = dict(dataset_type="fca2_frames", task_name="vsr")

    def __init__(
        self,
        *args,
        n_subs: int = 9,
        n_ovls: int = 3,
        chunk_frames: int | None = 7,
        seed: int = 0,
        **kwargs,
    ) -> None:
        self.seed = seed
        window = kwargs.get("num_input_frames")
        if window is not None and not kwargs.get("test_mode"):
            warn_of_waste(window, n_subs, n_ovls, chunk_frames)
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        for key, folder in self.data_prefix.items():
            if not Path(folder).is_dir():
                raise FileNotFoundError(
                    f"the folder of {key!r} frames, {folder}, does not exist; set data_root and "
                    "data_prefix to the folder of the clips"
                )
        root = Path(self.data_prefix[self.search_key])
        clips = [self._entry(root, name) for name in self._names(root)]
        if not clips:
            raise ValueError(
                f"{root} contains no clips; expected one folder of numbered frames for each clip"
            )
        for clip in clips:
            length, window = clip["sequence_length"], clip["num_input_frames"]
            if length is not None and window is not None and length < window:
                raise ValueError(
                    f"clip {clip['key']} has {length} frames, but a window needs {window}; lower "
                    "num_input_frames or remove the clip"
                )
        return clips

    def _names(self, root: Path) -> list[str]:
        """The clips: as the host lists them, and nested ones without being told their depth."""
        if self.use_ann_file or self.depth != 1 or self.filename_tmpl[self.search_key] != "{}":
            return self._get_path_list()
        return [clip.name for clip in find_clips(root)] if any(root.iterdir()) else []

    def _entry(self, root: Path, name: str) -> dict:
        """What the host writes down of a clip, whose frames it counts one level too high."""
        key = name if (root / name).is_dir() else os.path.splitext(name)[0]
        entry = dict(
            key=key,
            num_input_frames=self.num_input_frames,
            num_output_frames=self.num_output_frames,
            sequence_length=self.seq_lens["fixed_seq_len"] or len(find_clip(root, key)),
        )
        for kind, folder in self.data_prefix.items():
            entry[f"{kind}_path"] = folder
            if kind in self.load_frames_list:
                frames = self._get_frames_list(kind, os.path.join(folder, name))
                entry[f"{kind}_path"] = frames
                entry["sequence_length"] = None  # the pipeline shall not list them again
                if kind in ("img", "gt"):
                    count = "num_input_frames" if kind == "img" else "num_output_frames"
                    entry[count] = len(frames)
        return entry

    def prepare_data(self, idx: int):
        """Check the clip's frames the first time, then run the pipeline."""
        clip, visit = self.clip_and_round(idx)
        info = self.get_data_info(clip)
        folders = [Path(str(info.get(f"{kind}_path"))) / info["key"] for kind in ("img", "gt")]
        check_clip(*(folder for folder in folders if folder.is_dir()))
        with _drawing_from(sample_rng(self.seed, info["key"], visit)):
            return super().prepare_data(clip)


class FCA2ClipsDataset(TakesRounds, BaseDataset):
    """Whole samples from folders or LMDB, by the keys and draws of BasicSR's ``FCA2VideoDataset``.

    Windows, turns, degradation, codec and crop happen here, so the pipeline only packs. For the
    same clip, seed and round both hosts get the same bits.

    Args:
        pipeline: Transforms of ``img`` and ``gt``, two lists of ``uint8`` RGB frames.
        test_mode: Whether these are the clips for testing.
        demo: Make the self-made clips first, once: the arguments of ``build_demo``.
        **settings: See ``fca2_plugin.data.open_clip_set``.

    Raises:
        FileNotFoundError: A folder, list or clip is not there.
        ValueError: A setting is wrong, or the clips are.
    """

    METAINFO = dict(dataset_type="fca2_clips", task_name="vsr")
    OPTIONS = CLIP_KEYS

    def __init__(
        self,
        pipeline: Sequence[Mapping | Callable] = ({"type": "PackInputs"},),
        test_mode: bool = False,
        demo: Mapping | None = None,
        **settings,
    ) -> None:
        build_once(build_demo, demo)
        self.clips = open_clip_set(**settings, test=test_mode)
        super().__init__(pipeline=list(pipeline), test_mode=test_mode, serialize_data=False)

    def load_data_list(self) -> list[dict]:
        return [{"key": name} for name in self.clips.names]

    def prepare_data(self, idx: int):
        """Make the sample of a clip and round, and run the pipeline on it."""
        clip, visit = self.clip_and_round(idx)
        sample = self.clips.sample(clip, 0 if self.test_mode else visit)
        names = self.clips.target.frame_names(sample.name)
        paths = [f"{self.clips.target.root}/{sample.name}/{names[i]}.png" for i in sample.indices]
        results: dict[str, Any] = {"key": sample.name, "crf": sample.crf}
        for key, frames in (("img", sample.lq), ("gt", sample.gt)):
            results[key] = frames
            results[f"{key}_path"] = paths
            results[f"ori_{key}_shape"] = [frame.shape for frame in frames]
            results[f"{key}_channel_order"] = "rgb"
            results[f"{key}_color_type"] = "color"
        return self.pipeline(results)
