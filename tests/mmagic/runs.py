"""Configs of the host, and of a user who wraps one, cut down to seconds on one thread."""

from pathlib import Path

import torch
from mmengine.config import Config

from fca2_plugin.mmagic import runner

__all__ = ["BASES", "load", "options", "plain_pipeline", "read_weights", "wrapped", "write"]

BASES = {
    "BasicVSRNet": "mmagic::basicvsr/basicvsr_2xb4_reds4.py",
    "BasicVSRPlusPlusNet": "mmagic::basicvsr_pp/basicvsr-pp_c64n7_8xb1-600k_reds4.py",
    "IconVSRNet": "mmagic::iconvsr/iconvsr_2xb4_reds4.py",
}
IMPORTS = "custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)"
TINY_NET = dict(mid_channels=8, num_blocks=1, spynet_pretrained=None)


def wrapped(net: str = "BasicVSRNet", kind: str = "FCA2Wrapper", **more: object) -> str:
    """The text of a user's config around a stock one of the host."""
    more = {"stage": "joint", "preset": "tiny", **more}
    settings = "".join(f", {key}={value!r}" for key, value in more.items())
    return "\n".join(
        [
            f"_base_ = {BASES[net]!r}",
            *([] if "." in kind else [IMPORTS]),
            f"model = dict(type={kind!r}, _delete_=True, model={{{{_base_.model}}}}{settings})",
        ]
    )


def write(folder: Path, name: str, text: str) -> Path:
    """Write a config file."""
    path = folder / f"{name}.py"
    path.write_text(text)
    return path


def options(clips: Path, generator: str = "model.model.generator", **net: object) -> dict:
    """What makes a stock config small: the net, the clips, two iterations, one process.

    Args:
        clips: A folder written by ``build_clips``.
        generator: The key of the VSR network's config.
        **net: Settings of the network over the tiny ones.
    """
    frames = {"data_root": str(clips), "ann_file": ""}
    return {
        **{f"{generator}.{key}": value for key, value in {**TINY_NET, **net}.items()},
        "train_dataloader.num_workers": 0,
        "train_dataloader.batch_size": 1,
        "train_dataloader.dataset": {
            **frames,
            "data_prefix": {"img": "train/lq_crf25", "gt": "train/gt"},
            "num_input_frames": 7,
        },
        "train_dataloader.dataset.pipeline.4.gt_patch_size": 64,
        "val_dataloader.num_workers": 0,
        "val_dataloader.dataset": {
            **frames,
            "data_prefix": {"img": "test/lq_crf25", "gt": "test/gt"},
            "num_input_frames": 7,
            "fixed_seq_len": None,
        },
        "train_cfg.max_iters": 2,
        "train_cfg.val_interval": 2,
        "default_hooks.checkpoint.interval": 2,
        "default_hooks.logger.interval": 1,
        "randomness": {"seed": 0},
        "env_cfg.mp_cfg.opencv_num_threads": 1,
    }


def plain_pipeline() -> list[dict]:
    """Whole frames, nothing drawn."""
    return [
        dict(type="GenerateSegmentIndices", interval_list=[1]),
        dict(type="LoadImageFromFile", key="img", channel_order="rgb"),
        dict(type="LoadImageFromFile", key="gt", channel_order="rgb"),
        dict(type="PackInputs"),
    ]


def load(folder: Path, name: str, text: str, settings: dict) -> Config:
    """Write a config and read it with the options, into a work directory of its own."""
    return runner.load_config(write(folder, name, text), settings, folder / name)


def read_weights(checkpoint: Path, part: str) -> dict:
    """The weights of one part of the generator in a host's checkpoint."""
    prefix = f"generator.{part}."
    state = torch.load(checkpoint, map_location="cpu")["state_dict"]
    return {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
