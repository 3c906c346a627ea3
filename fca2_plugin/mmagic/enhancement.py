"""Enhancement of coded video (scale 1, luma) in MMagic: data sets, model and metrics."""

from collections.abc import Callable, Mapping, Sequence

from mmagic.evaluation.metrics.base_sample_wise_metric import BaseSampleWiseMetric
from mmagic.models import BaseEditModel
from mmagic.structures import DataSample
from mmengine.dataset import BaseDataset
from mmengine.logging import MessageHub
from torch import Tensor
from torch.utils.data import Dataset

from fca2_plugin._distributed import build_once
from fca2_plugin.data import build_mfqe_demo, find_mfqe, open_enhancement_set
from fca2_plugin.data.enhancement import ENHANCEMENT_KEYS
from fca2_plugin.data.mfqe import HM
from fca2_plugin.data.sample import TakesRounds
from fca2_plugin.inference.enhance import score_enhancer
from fca2_plugin.metrics import ENHANCEMENT_METRICS
from fca2_plugin.nets.mfqe import check_compensates

__all__ = [
    "METRIC_CLASSES",
    "FCA2EnhancementDataset",
    "FCA2EnhancementModel",
    "FCA2EnhancementTestDataset",
]


class FCA2EnhancementDataset(TakesRounds, BaseDataset):
    """Windows of coded luma with raw luma, by the keys and draws of BasicSR's data set.

    ``img`` is a window as the channels of one image, which the networks take for a window, and
    ``gt`` the middle frame. With ``target='all'`` both are clips.

    Args:
        pipeline: Transforms of ``img`` and ``gt``, ``uint8``.
        demo: Make the self-made videos first, once: the arguments of ``build_mfqe_demo``.
        **settings: See ``fca2_plugin.data.open_enhancement_set``.

    Raises:
        FileNotFoundError: A folder is not there.
        ValueError: A setting is wrong, or the videos are.
    """

    METAINFO = dict(dataset_type="fca2_enhancement", task_name="enhancement")
    OPTIONS = ENHANCEMENT_KEYS

    def __init__(
        self,
        pipeline: Sequence[Mapping | Callable] = ({"type": "PackInputs"},),
        demo: Mapping | None = None,
        **settings,
    ) -> None:
        build_once(build_mfqe_demo, demo)
        self.clips = open_enhancement_set(**settings)
        super().__init__(pipeline=list(pipeline), serialize_data=False)

    def load_data_list(self) -> list[dict]:
        return [{"key": pair.name} for pair in self.clips.pairs]

    def prepare_data(self, idx: int):
        """Draw the sample of a clip and round, and run the pipeline on it."""
        sample = self.clips.sample(*self.clip_and_round(idx))
        lq, gt = (
            [plane[..., None] for plane in planes]
            if self.clips.target == "all"
            else planes.transpose(1, 2, 0)
            for planes in (sample.lq, sample.gt)
        )
        return self.pipeline({"key": sample.name, "img": lq, "gt": gt})


class FCA2EnhancementTestDataset(Dataset):
    """Whole videos for validation and testing; ``FCA2EnhancementModel`` reads them frame by frame.

    Args:
        dataroot: The tree.
        split: The folder below it.
        qp: The QP of the coded videos.
        codec: ``HM16.5_LDP``, or ``x265_LDP`` for the stand-in of ``fca2 mfqe``.
        demo: See ``FCA2EnhancementDataset``.

    Raises:
        FileNotFoundError: A folder is not there.
        ValueError: The videos do not pair.
    """

    metainfo = FCA2EnhancementDataset.METAINFO

    def __init__(
        self,
        dataroot: str,
        split: str = "test_18",
        qp: int = 37,
        codec: str = HM,
        demo: Mapping | None = None,
    ) -> None:
        build_once(build_mfqe_demo, demo)
        self.pairs = find_mfqe(dataroot, split, qp, codec)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> dict:
        pair = self.pairs[index]
        return {"inputs": pair, "data_samples": DataSample(metainfo={"key": pair.name})}


class FCA2EnhancementModel(BaseEditModel):
    """MMagic's model for any editing, which measures whole videos of any length.

    Training is the host's: the network takes a window for its middle frame and a clip for all of
    its frames, and the loss compares that with ``gt``. In validation and testing each video goes
    through the network frame by frame and is measured as ``fca2 evaluate --protocol mfqe`` does.

    Args:
        *args: See ``BaseEditModel``.
        compensation_iters: Of MFQE and MFQE 2.0: the loss of their compensation of motion counts,
            too, and leads for so many iterations. None leaves it out.
        **kwargs: See ``BaseEditModel``.

    Raises:
        ValueError: The network compensates no motion.
    """

    def __init__(self, *args, compensation_iters: int | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.compensation_iters = compensation_iters
        if compensation_iters is not None:
            check_compensates(self.generator)

    def forward_train(self, inputs: Tensor, data_samples: DataSample, **kwargs) -> dict:
        """As the host's, with the loss of the compensation if it counts."""
        losses = super().forward_train(inputs, data_samples, **kwargs)
        if self.compensation_iters is not None:
            leads = MessageHub.get_current_instance().get_info("iter", 0) < self.compensation_iters
            losses["loss"] = self.generator.add_compensation(losses["loss"], inputs, leads)
        return losses

    def val_step(self, data: Mapping) -> list[DataSample]:
        """Measure the videos of a batch; their samples get ``scores``."""
        device = next(self.parameters()).device
        for pair, sample in zip(data["inputs"], data["data_samples"], strict=True):
            sample.set_metainfo({"scores": score_enhancer(self.generator, pair, device)})
        return data["data_samples"]

    test_step = val_step


class _ScoreMetric(BaseSampleWiseMetric):
    """Mean over videos of what ``FCA2EnhancementModel`` has measured."""

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        self.results.extend({self.metric: s["scores"][self.metric]} for s in data_samples)


METRIC_CLASSES = {
    name: type(name, (_ScoreMetric,), {"metric": measure, "__doc__": _ScoreMetric.__doc__})
    for name, measure in ENHANCEMENT_METRICS.items()
}
