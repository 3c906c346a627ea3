"""Options of BasicSR, cut down to seconds on one thread."""

import copy
from pathlib import Path

import torch
import yaml

from fca2_plugin.basicsr import runner

__all__ = ["drawn_clips", "load", "options", "read_weights", "wrapped", "write"]

NETS = {
    "BasicVSR": dict(num_feat=8, num_block=1),
    "BasicVSRPlusPlus": dict(mid_channels=16, num_blocks=1),
    "IconVSR": dict(num_feat=8, num_block=1),
}


def wrapped(net: str = "BasicVSR", **more: object) -> dict:
    """``network_g`` around a network of the host."""
    return {
        "type": "FCA2Net",
        "vsr": {"type": net, **NETS[net]},
        "stage": "joint",
        "preset": "tiny",
        **more,
    }


def options(clips: Path, **changes: object) -> dict:
    """A run of two iterations with a validation after them.

    Args:
        clips: A folder written by ``build_clips``.
        **changes: Dotted keys (a double underscore for a dot) and their values.
    """
    frames = {"io_backend": {"type": "disk"}, "cache_data": True, "num_frame": 7}
    cfg = {
        "name": "run",
        "model_type": "FCA2Model",
        "scale": 4,
        "num_gpu": "auto",
        "manual_seed": 0,
        "datasets": {
            "train": {
                "name": "clips",
                "type": "REDSRecurrentDataset",
                "dataroot_gt": f"{clips}/train/gt",
                "dataroot_lq": f"{clips}/train/lq_crf25",
                "meta_info_file": f"{clips}/meta_info.txt",
                "val_partition": "REDS4",
                "test_mode": False,
                "gt_size": 64,
                "interval_list": [1],
                "use_hflip": False,
                "use_rot": False,
                "num_worker_per_gpu": 0,
                "batch_size_per_gpu": 1,
                "dataset_enlarge_ratio": 10,
                "io_backend": {"type": "disk"},
                "num_frame": 7,
            },
            "val": {
                "name": "Vid4",
                "type": "VideoRecurrentTestDataset",
                "dataroot_gt": f"{clips}/test/gt",
                "dataroot_lq": f"{clips}/test/lq_crf25",
                **frames,
            },
        },
        "network_g": wrapped(),
        "path": {"pretrain_network_g": None, "strict_load_g": True, "resume_state": None},
        "train": {
            "ema_decay": 0.9,
            "optim_g": {"type": "Adam", "lr": 1e-3, "betas": [0.9, 0.99]},
            "scheduler": {
                "type": "CosineAnnealingRestartLR",
                "periods": [100],
                "restart_weights": [1],
                "eta_min": 1e-7,
            },
            "total_iter": 2,
            "warmup_iter": -1,
            "fix_flow": 2,
            "flow_lr_mul": 0.125,
            "pixel_opt": {"type": "CharbonnierLoss", "loss_weight": 1.0, "reduction": "mean"},
        },
        "val": {
            "val_freq": 100,
            "save_img": False,
            "pbar": False,
            "metrics": {
                "psnr": {"type": "calculate_psnr", "crop_border": 0, "test_y_channel": True}
            },
        },
        "logger": {"print_freq": 1, "save_checkpoint_freq": 1, "use_tb_logger": False},
    }
    for key, value in changes.items():
        *parents, last = key.split("__")
        node = cfg
        for parent in parents:
            node = node[parent]
        node[last] = copy.deepcopy(value)
    return cfg


def drawn_clips(clips: Path, **changes: object) -> dict:
    """A training set whose codec, crop and turn are drawn from clip and round."""
    return {
        "name": "clips",
        "type": "FCA2VideoDataset",
        "dataroot_gt": f"{clips}/train/gt",
        "dataroot_lq": f"{clips}/train/lq",
        "crfs": [15, 25, 35],
        "num_frame": 7,
        "gt_size": 32,
        "use_rot": True,
        "num_worker_per_gpu": 0,
        "batch_size_per_gpu": 1,
        "dataset_enlarge_ratio": 1,
        **changes,
    }


def write(folder: Path, cfg: dict) -> Path:
    """Write a config file of the run's name."""
    path = folder / f"{cfg['name']}.yml"
    path.write_text(yaml.safe_dump(cfg, sort_keys=False))
    return path


def load(folder: Path, cfg: dict) -> dict:
    """Write a config and read it, with ``folder`` as its root."""
    return runner.load_config(write(folder, cfg), work_dir=folder)


def read_weights(folder: Path, name: str = "net_g_latest", key: str = "params") -> dict:
    """The weights in one of a run's checkpoints."""
    return torch.load(folder / "models" / f"{name}.pth", map_location="cpu")[key]
