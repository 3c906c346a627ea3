"""Validation of BasicSR's own video models on the CPU.

Breaks: ``VideoBaseModel`` and ``VideoRecurrentModel`` at their first validation, also in a single
process: no CUDA driver, and then ``not enough values to unpack (expected 5, got 4)``.
Why: they keep their results on 'cuda', and squeeze the batch dimension in place out of a tensor
that on the CPU is the model's own input.
Here: the table of results exists before they look for it, and the model has tensors of its own.
Does nothing: with CUDA.
"""

import functools
from collections import Counter
from collections.abc import Callable

import torch

__all__ = ["apply"]


def apply() -> str | None:
    if torch.cuda.is_available():
        return None
    from basicsr.models.video_base_model import VideoBaseModel
    from basicsr.models.video_recurrent_model import VideoRecurrentModel

    for cls in (VideoBaseModel, VideoRecurrentModel):
        cls.dist_validation = _with_table(cls.__dict__["dist_validation"])
    VideoBaseModel.feed_data = _with_own_tensors(VideoBaseModel.feed_data)
    return "no CUDA here, where BasicSR's video models do not validate"


def _with_table(validate: Callable) -> Callable:
    @functools.wraps(validate)
    def validate_on_cpu(self, dataloader, *args: object, **kwargs: object) -> None:
        metrics = self.opt["val"].get("metrics")
        if metrics is not None and not hasattr(self, "metric_results"):
            frames = Counter(dataloader.dataset.data_info["folder"])
            self.metric_results = {
                folder: torch.zeros(count, len(metrics)) for folder, count in frames.items()
            }
        validate(self, dataloader, *args, **kwargs)

    return validate_on_cpu


def _with_own_tensors(feed: Callable) -> Callable:
    @functools.wraps(feed)
    def feed_data(self, data: dict) -> None:
        feed(self, {key: data[key].detach() for key in ("lq", "gt") if key in data})

    return feed_data
