"""``model_type: FCA2Model``: BasicSR's recurrent video model, whose frozen parts stay frozen."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from basicsr.metrics import calculate_metric
from basicsr.models.video_recurrent_model import VideoRecurrentModel
from basicsr.utils import get_root_logger, imwrite, tensor2img
from basicsr.utils.dist_util import get_dist_info
from torch import Tensor, distributed, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from fca2_plugin._suggest import check_choice
from fca2_plugin.basicsr.files import (
    load_network,
    resume_training,
    save_network,
    save_training_state,
)
from fca2_plugin.basicsr.host_nets import FCA2Network

__all__ = ["FCA2Model"]

_FLOW_NAMES = ("spynet", "edvr")  # what BasicSR's `fix_flow` freezes, by substring
_MAX_LISTED = 30  # clips whose own result the log shows


class FCA2Model(VideoRecurrentModel):
    """Trains and validates any network of ``network_g``, an FCA² network or a plain one.

    It takes the options of BasicSR's ``VideoRecurrentModel``, and differs from it where that would
    train what has to stay as it is, or where it needs CUDA:

    * the first weights of an ``FCA2Net`` (its ``checkpoints``) are read when training starts, not
      when a run is resumed or starts from ``pretrain_network_g``;
    * ``fix_flow`` freezes by the number of the iteration alone, so also after a resume, and never
      un-freezes what the network itself froze;
    * the optimiser holds, and the average (``ema_decay``) moves, only what learns; ``optim_g``
      names any optimiser of ``torch.optim``;
    * validation runs on the CPU and on any number of processes and data sets, with the averaged
      weights if there are any: what is measured in training is what BasicSR's test options and
      ``fca2`` load (``params_ema``). BasicSR measures the weights before averaging. Images are
      saved in training as well, and ``val.suffix`` is read.

    Args:
        opt: The options, as BasicSR hands them to its models.
    """

    def init_training_settings(self) -> None:
        if self.opt["path"].get("pretrain_network_g") is None:
            self._load_parts()
        super().init_training_settings()

    def _load_parts(self) -> None:
        net = self.get_bare_model(self.net_g)
        if isinstance(net, FCA2Network):
            for part, path in net.load_parts().items():
                get_root_logger().info(f"FCA2Net: {part} loaded from {path}")

    net_g: Any
    load_network = load_network
    resume_training = resume_training
    save_network = save_network
    save_training_state = save_training_state

    def model_to_device(self, net: nn.Module) -> nn.Module:
        # Parameters frozen by `fix_flow` get no gradient, which DistributedDataParallel only
        # accepts if told so.
        if self.is_train and self.opt["dist"] and self.opt["train"].get("fix_flow"):
            self.opt["find_unused_parameters"] = True
        return super().model_to_device(net)

    def setup_optimizers(self) -> None:
        options = dict(self.opt["train"]["optim_g"])
        multiplier = self.opt["train"].get("flow_lr_mul", 1)
        learns = [(k, v) for k, v in self.net_g.named_parameters() if v.requires_grad]
        self.flow_parameters = [v for k, v in learns if any(name in k for name in _FLOW_NAMES)]
        # BasicSR's two groups: its multiplier is for SPyNet alone
        slow = [v for k, v in learns if "spynet" in k and multiplier != 1]
        chosen = set(map(id, slow))
        groups = [{"params": [v for _, v in learns if id(v) not in chosen]}]
        if slow:
            groups.append({"params": slow, "lr": options["lr"] * multiplier})
        self.optimizer_g = self.get_optimizer(options.pop("type"), groups, **options)
        self.optimizers.append(self.optimizer_g)
        count = sum(v.numel() for _, v in learns)
        total = sum(v.numel() for v in self.net_g.parameters())
        get_root_logger().info(f"{count:,d} of {total:,d} parameters learn")

    def get_optimizer(
        self, optim_type: str, params: list, lr: float, **kwargs
    ) -> torch.optim.Optimizer:
        """As BasicSR's, for every optimiser of ``torch.optim``.

        Raises:
            ValueError: There is none of that name.
        """
        names = [name for name, value in vars(torch.optim).items() if isinstance(value, type)]
        return getattr(torch.optim, check_choice("optimiser", optim_type, names))(
            params, lr=lr, **kwargs
        )

    def hold_flow(self, current_iter: int) -> None:
        """Freeze or un-freeze the flow networks, as ``fix_flow`` asks for this iteration."""
        for parameter in self.flow_parameters:
            parameter.requires_grad_(current_iter >= (self.fix_flow_iter or 0))

    def optimize_parameters(self, current_iter: int) -> None:
        self.hold_flow(current_iter)
        # past VideoRecurrentModel, whose schedule un-freezes everything
        super(VideoRecurrentModel, self).optimize_parameters(current_iter)

    def model_ema(self, decay: float = 0.999) -> None:
        """Move the average; with a decay of 0 it becomes a copy, also of what does not learn."""
        learning = self.get_bare_model(self.net_g)
        averaged = dict(self.net_g_ema.named_parameters())
        with torch.no_grad():
            for name, value in learning.named_parameters():
                if decay == 0:
                    averaged[name].copy_(value)
                elif value.requires_grad:  # d*v + (1-d)*v is not v to the last bit
                    averaged[name].mul_(decay).add_(value, alpha=1 - decay)
            buffers = dict(self.net_g_ema.named_buffers())
            for name, value in learning.named_buffers():
                buffers[name].copy_(value)

    def test(self) -> None:
        """Run the network that is measured: the averaged one, or the one that learns."""
        learning, self.net_g = self.net_g, self.measured_net()
        try:
            super().test()
        finally:
            self.net_g = learning

    def measured_net(self) -> nn.Module:
        """The averaged network, or the one that learns.

        Without its wrapper: processes have different numbers of clips, and must not wait.
        """
        return getattr(self, "net_g_ema", self.get_bare_model(self.net_g))

    def nondist_validation(self, dataloader, current_iter, tb_logger, save_img) -> None:
        self.dist_validation(dataloader, current_iter, tb_logger, save_img)

    def dist_validation(
        self, dataloader: DataLoader, current_iter: int | str, tb_logger, save_img: bool
    ) -> None:
        """Measure every clip, log as BasicSR does, keep the result in ``best_metric_results``.

        Args:
            dataloader: Its data set gives ``lq`` (t, c, h, w), ``folder``, and ``gt`` if anything
                is measured.
            current_iter: The iteration, or the name of a test run.
            tb_logger: A tensorboard writer, or None.
            save_img: Write every frame under ``path.visualization``.

        Raises:
            ValueError: Something is measured and there is nothing to compare with, or the
                network returned another number of frames.
        """
        dataset: Any = dataloader.dataset
        name = dataset.opt["name"]
        rank, world_size = get_dist_info()
        rows = []
        for index in tqdm(
            range(rank, len(dataset), world_size),
            unit="folder",
            # None: only on a terminal
            disable=True if rank != 0 or not self.opt["val"].get("pbar", True) else None,
        ):
            rows.append(self._measure(dataset, index, current_iter, save_img))
        metrics = self.opt["val"].get("metrics")
        if not metrics:
            return
        if self.opt["dist"]:
            gathered: list[Any] = [None] * world_size
            distributed.all_gather_object(gathered, rows)
            rows = [row for part in gathered for row in part]
        tables: dict[str, list[Tensor]] = {}
        for folder, table in sorted(rows, key=lambda row: row[0]):
            tables.setdefault(folder, []).append(table)
        self.metric_results = {folder: torch.cat(parts) for folder, parts in tables.items()}
        self._initialize_best_metric_results(name)
        self._log_validation_metric_values(current_iter, name, tb_logger)

    def _measure(
        self, dataset: Any, index: int, current_iter: int | str, save_img: bool
    ) -> tuple[str, Tensor]:
        """One clip: its folder, and a table of frames by metrics."""
        clip = dataset[index]
        self.feed_data({"lq": clip["lq"].unsqueeze(0)})
        self.test()
        frames = self.output.reshape(-1, *self.output.shape[-3:]).cpu()
        del self.lq, self.output
        metrics = list((self.opt["val"].get("metrics") or {}).values())
        gts = self._ground_truth(clip, frames, dataset.opt["name"]) if metrics else frames
        table = torch.zeros(len(frames), len(metrics))
        paths = self._image_paths(dataset.opt["name"], clip["folder"], current_iter)
        for frame, gt, row, path in zip(frames, gts, table, paths, strict=False):
            image = tensor2img([frame])  # uint8, BGR
            if save_img:
                imwrite(image, str(path))
            pair = {"img": image, "img2": tensor2img([gt])} if metrics else {}
            for column, metric in enumerate(metrics):
                row[column] = calculate_metric(pair, metric)
        return clip["folder"], table

    def _ground_truth(self, clip: dict, frames: Tensor, name: str) -> Tensor:
        if "gt" not in clip:
            raise ValueError(
                f"{name} gives no gt, but val.metrics compares with it; set dataroot_gt, or remove "
                "the metrics"
            )
        gt = clip["gt"]
        if gt.ndim == 3:
            gt = gt.unsqueeze(0)
        elif self.center_frame_only:
            gt = gt[len(gt) // 2].unsqueeze(0)
        if gt.shape != frames.shape:
            raise ValueError(
                f"{name}, clip {clip['folder']}: the network returned {tuple(frames.shape)} but gt "
                f"is {tuple(gt.shape)}; check scale, and val.center_frame_only for data with one "
                "gt frame"
            )
        return gt

    def _image_paths(self, name: str, folder: str, current_iter: int | str) -> Iterator[Path]:
        """BasicSR's names of the frames' images, without an end."""
        label = current_iter
        if not self.is_train:
            label = self.opt["val"].get("suffix") or self.opt["name"]
        root = Path(self.opt["path"]["visualization"], name, folder)
        return (root / f"{index:08d}_{label}.png" for index in itertools.count())

    def _log_validation_metric_values(
        self, current_iter: int | str, dataset_name: str, tb_logger
    ) -> None:
        """Log as BasicSR does; with many clips only their mean, in tensorboard by data set."""
        tables = self.metric_results
        means = {folder: table.mean(0) for folder, table in tables.items()}
        mean = torch.stack(list(means.values())).mean(0)
        if len(means) > _MAX_LISTED:
            self.metric_results = {f"{len(means)} clips": mean.unsqueeze(0)}
        super()._log_validation_metric_values(current_iter, dataset_name, None)
        self.metric_results = tables
        if tb_logger:
            for metric, value in zip(self.opt["val"]["metrics"], mean.tolist(), strict=True):
                tb_logger.add_scalar(f"metrics/{dataset_name}/{metric}", value, current_iter)
