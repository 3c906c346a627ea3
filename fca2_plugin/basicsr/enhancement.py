"""Enhancement of coded video (scale 1, luma) in BasicSR: data sets, model and metrics.

The keys of the data sets are those of ``open_enhancement_set``, and beside them:

    demo: {root: data/mfqe_demo}    make the self-made videos there first, once
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from basicsr.metrics import calculate_metric
from torch import Tensor, nn
from torch.utils.data import Dataset

from fca2_plugin.basicsr.datasets import own_options
from fca2_plugin.basicsr.model import FCA2Model
from fca2_plugin.data import build_mfqe_demo, find_mfqe, open_enhancement_set
from fca2_plugin.data.enhancement import ENHANCEMENT_KEYS, TREE_KEYS
from fca2_plugin.data.sample import TakesRounds
from fca2_plugin.inference.enhance import score_enhancer
from fca2_plugin.metrics import ENHANCEMENT_METRICS
from fca2_plugin.nets.mfqe import check_compensates

__all__ = [
    "METRIC_FUNCTIONS",
    "FCA2EnhancementDataset",
    "FCA2EnhancementModel",
    "FCA2EnhancementTestDataset",
]


class FCA2EnhancementDataset(TakesRounds, Dataset):
    """Windows of coded luma with raw luma for training: ``lq``, ``gt`` in [0, 1], and ``key``.

    ``lq`` is a window (f, h, w) and ``gt`` its middle frame (1, h, w). With ``target: all`` both
    are clips (f, 1, h, w).

    Args:
        opt: The options of the phase; see ``open_enhancement_set``.

    Raises:
        TypeError: An option that nothing reads.
        FileNotFoundError: A folder is not there.
        ValueError: A setting is wrong, or the videos are.
    """

    OPTIONS = ENHANCEMENT_KEYS | {"demo"}

    def __init__(self, opt: Mapping) -> None:
        self.opt = opt
        self.clips = open_enhancement_set(**own_options(type(self), opt, build_mfqe_demo))

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        sample = self.clips.sample(*self.clip_and_round(index))
        lq, gt = _tensor(sample.lq), _tensor(sample.gt)
        if self.clips.target == "all":
            lq, gt = lq.unsqueeze(1), gt.unsqueeze(1)
        return {"lq": lq, "gt": gt, "key": sample.name}


def _tensor(planes: np.ndarray) -> Tensor:
    return torch.from_numpy(planes).float().div_(255)


class FCA2EnhancementTestDataset(Dataset):
    """Whole videos for validation and testing: ``pair`` and ``folder``, its name.

    ``FCA2EnhancementModel`` reads them frame by frame.

    Args:
        opt: The options of the phase: ``dataroot``, ``split``, ``qp``, ``codec``, ``demo``.

    Raises:
        TypeError: An option that nothing reads.
        FileNotFoundError: A folder is not there.
        ValueError: The videos do not pair.
    """

    OPTIONS = TREE_KEYS | {"demo"}

    def __init__(self, opt: Mapping) -> None:
        self.opt = opt
        settings = own_options(type(self), opt, build_mfqe_demo)
        self.pairs = find_mfqe(settings.pop("dataroot"), **settings)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> dict:
        return {"pair": self.pairs[index], "folder": self.pairs[index].name}


class FCA2EnhancementModel(FCA2Model):
    """``FCA2Model`` for luma, which measures whole videos of any length.

    Training is the host's: the network takes a window for its middle frame and a clip for all of
    its frames, and the loss compares that with ``gt``. In validation and testing each video goes
    through the network frame by frame and is measured as ``fca2 evaluate --protocol mfqe`` does.
    With ``train.compensation_iters`` the loss of MFQE's compensation of motion counts, too, and
    leads for so many iterations.

    Args:
        opt: The options, as BasicSR hands them to its models.

    Raises:
        ValueError: ``val.save_img`` is set, or ``train.compensation_iters`` for a network that
            compensates no motion.
    """

    cri_pix: Any

    def __init__(self, opt: dict) -> None:
        if (opt.get("val") or {}).get("save_img"):
            raise ValueError(
                "val.save_img is true, but FCA2EnhancementModel saves no images, only the "
                "measured luma; set it to false"
            )
        super().__init__(opt)

    def init_training_settings(self) -> None:
        super().init_training_settings()
        self.compensation_iters = self.opt["train"].get("compensation_iters")
        if self.compensation_iters is not None:
            check_compensates(self.get_bare_model(self.net_g))
            self.cri_pix = functools.partial(self._compensated, self.cri_pix)

    def optimize_parameters(self, current_iter: int) -> None:
        self.current_iter = current_iter  # the first is 1
        super().optimize_parameters(current_iter)

    def _compensated(self, pixel_loss: nn.Module, output: Tensor, gt: Tensor) -> Tensor:
        net = self.get_bare_model(self.net_g)
        leads = self.current_iter <= self.compensation_iters
        return net.add_compensation(pixel_loss(output, gt), self.lq, leads)

    def _measure(
        self, dataset: Dataset, index: int, current_iter: int | str, save_img: bool
    ) -> tuple[str, Tensor]:
        video = dataset[index]
        frames = score_enhancer(self.measured_net(), video["pair"], self.device)["frames"]
        metrics = self.opt["val"]["metrics"].values()
        rows = [
            [
                calculate_metric({"scores": dict(zip(frames, row, strict=True))}, metric)
                for metric in metrics
            ]
            for row in zip(*frames.values(), strict=True)
        ]
        return video["folder"], torch.tensor(rows, dtype=torch.float64)


def _look_up(scores: Mapping[str, float], measure: str) -> float:
    return scores[measure]


METRIC_FUNCTIONS = {
    name: functools.partial(_look_up, measure=measure)
    for name, measure in ENHANCEMENT_METRICS.items()
}
