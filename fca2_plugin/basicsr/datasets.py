"""Clips for BasicSR's training and validation, over ``fca2_plugin.data.clip_set``.

The keys are those of ``open_clip_set``, and beside them:

    io_backend: {type: disk}    or lmdb; by default what the roots look like
    demo: {root: data/demo}     make the self-made clips there first, once
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from fca2_plugin._distributed import build_once
from fca2_plugin._suggest import check_settings
from fca2_plugin.data.clip_set import CLIP_KEYS, ClipSet, open_clip_set
from fca2_plugin.data.demo import build_demo
from fca2_plugin.data.sample import TakesRounds

__all__ = ["HOST_KEYS", "FCA2VideoDataset", "FCA2VideoTestDataset", "own_options"]

# read by BasicSR, which hands a data set all the options of its phase
HOST_KEYS = frozenset(
    "name type phase scale io_backend batch_size_per_gpu num_worker_per_gpu dataset_enlarge_ratio "
    "prefetch_mode num_prefetch_queue pin_memory persistent_workers use_shuffle".split()
)


class FCA2VideoDataset(TakesRounds, Dataset):
    """Windows of clips for training: ``lq`` and ``gt`` (t, c, h, w) in [0, 1], RGB, and ``key``.

    Args:
        opt: The options of the phase; see ``open_clip_set``. ``num_frame`` and ``gt_size`` are the
            window, as in BasicSR.

    Raises:
        TypeError: An option that nothing reads.
        FileNotFoundError: A folder, list or clip is not there.
        ValueError: A setting is wrong, or the clips are.
    """

    OPTIONS = CLIP_KEYS - {"backend"} | {"demo"}

    def __init__(self, opt: Mapping) -> None:
        self.opt = opt
        self.clips = _open(type(self), opt, test=False)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        sample = self.clips.sample(*self.clip_and_round(index))
        return {"lq": _tensor(sample.lq), "gt": _tensor(sample.gt), "key": sample.name}


class FCA2VideoTestDataset(Dataset):
    """Whole clips for validation and testing: ``lq`` and ``gt`` (t, c, h, w), ``folder``.

    ``data_info`` lists all frames, as BasicSR's models read it.

    Args:
        opt: See ``FCA2VideoDataset``; with several ``crfs``, a clip keeps the one it draws.

    Raises:
        TypeError: An option that nothing reads.
        FileNotFoundError: A folder, list or clip is not there.
        ValueError: A setting is wrong, or the clips are.
    """

    OPTIONS = FCA2VideoDataset.OPTIONS

    def __init__(self, opt: Mapping) -> None:
        self.opt = opt
        self.clips = _open(type(self), opt, test=True)
        self.data_info: dict[str, list[str]] = {"folder": [], "idx": [], "lq_path": []}
        for name in self.clips.names:
            frames = self.clips.target.frame_names(name)
            self.data_info["folder"] += [name] * len(frames)
            self.data_info["idx"] += [f"{index}/{len(frames)}" for index in range(len(frames))]
            self.data_info["lq_path"] += [self._path(name, frame) for frame in frames]

    def _path(self, name: str, frame: str) -> str:
        return f"{self.opt.get('dataroot_lq') or self.opt['dataroot_gt']}/{name}/{frame}.png"

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        sample = self.clips.sample(index)
        middle = self.clips.target.frame_names(sample.name)[len(sample.gt) // 2]
        return {
            "lq": _tensor(sample.lq),
            "gt": _tensor(sample.gt),
            "folder": sample.name,
            "lq_path": self._path(sample.name, middle),
        }


def own_options(dataset: Any, opt: Mapping, build: Callable) -> dict:
    """The options that are a data set's own, once its self-made clips are there.

    Args:
        dataset: The class, whose ``OPTIONS`` they are.
        opt: All options of the phase.
        build: Makes the clips that the option ``demo`` asks for.

    Raises:
        TypeError: An option that nothing reads.
    """
    check_settings(dataset.__name__, opt.keys(), HOST_KEYS | dataset.OPTIONS)
    build_once(build, opt.get("demo"))
    return {key: value for key, value in opt.items() if key in dataset.OPTIONS - {"demo"}}


def _open(dataset: type, opt: Mapping, test: bool) -> ClipSet:
    backend = opt.get("io_backend", {}).get("type")
    return open_clip_set(**own_options(dataset, opt, build_demo), test=test, backend=backend)


def _tensor(frames: list[np.ndarray]) -> Tensor:
    """Return frames as (t, c, h, w) in [0, 1]."""
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).float().div_(255)
