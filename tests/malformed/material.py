"""Files that are right, and the same ones damaged in every way that files get damaged."""

import json
import pickle
import shutil
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from fca2_plugin.codec import CodecSettings, write_video
from fca2_plugin.data import write_frames, write_lmdb
from fca2_plugin.inference.shipped import WEIGHTS
from tests.codec.footage import moving_clip, raw_clip

__all__ = ["make_files", "make_runs"]

MMAGIC = """
custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
default_scope = 'mmagic'
model = dict(
    type='BasicVSR',
    generator=dict(type='BasicVSRNet', mid_channels=8, num_blocks=1),
    pixel_loss=dict(type='CharbonnierLoss'),
    data_preprocessor=dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3))
"""
BASICSR = "network_g: {type: BasicVSR, num_feat: 8, num_block: 1}\n"


def make_files(root: Path) -> None:
    """Write all of them below ``root``, which becomes the current folder of the commands."""
    _videos(root)
    _frames(root)
    _checkpoints(root)
    _texts(root)


def _videos(root: Path) -> None:
    write_video(root / "ok.mp4", moving_clip(4, 32, 48), CodecSettings(crf=30))
    data = (root / "ok.mp4").read_bytes()
    (root / "cut.mp4").write_bytes(data[: len(data) // 2])
    (root / "zero.mp4").write_bytes(b"")
    (root / "text.mp4").write_text("no video at all\n" * 20)
    (root / "folder.mp4").mkdir()
    (root / "empty").mkdir()
    (root / "videos").mkdir()
    (root / "videos" / "a.mp4").write_bytes(data)
    (root / "videos" / "b.mp4").write_bytes(b"")
    raw_clip(root / "yuv", 2, 32, 48)
    (root / "yuv_bad").mkdir()
    (root / "yuv_bad" / "Clip_64x48_9.yuv").write_bytes(b"0" * 100)
    (root / "yuv_noname").mkdir()
    (root / "yuv_noname" / "clip.yuv").write_bytes(b"0" * 100)
    (root / "here.link.mp4").symlink_to(root / "nowhere.mp4")


def _frames(root: Path) -> None:
    for name, size, count in (("gt", 64, 4), ("lq", 16, 4), ("short", 64, 3), ("small", 60, 4)):
        write_frames(root / name / "a", moving_clip(count, size, size))
    for name, size in (("gt_gap", 64), ("gt_twin", 64), ("gt_alpha", 64), ("gt_deep", 64)):
        write_frames(root / name / "a", moving_clip(4, size, size))
    (root / "gt_gap" / "a" / "00000001.png").unlink()
    Image.new("RGB", (64, 64)).save(root / "gt_twin" / "a" / "00000002.jpg")
    Image.new("RGBA", (64, 64)).save(root / "gt_alpha" / "a" / "00000002.png")
    deep = np.zeros((64, 64, 3), np.uint16)
    cv2.imwrite(str(root / "gt_deep" / "a" / "00000002.png"), deep)
    for name in ("gt_broken", "gt_mixed", "gt_other"):
        write_frames(root / name / "a", moving_clip(4, 64, 64))
    (root / "gt_broken" / "a" / "00000002.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    Image.new("RGB", (32, 64)).save(root / "gt_mixed" / "a" / "00000002.png")
    (root / "gt_other" / "a").rename(root / "gt_other" / "b")
    (root / "gt_empty" / "a").mkdir(parents=True)
    write_lmdb(root / "ok.lmdb", [("a", moving_clip(4, 64, 64))])
    write_lmdb(root / "cut.lmdb", [("a", moving_clip(4, 64, 64))])
    data = (root / "cut.lmdb" / "data.mdb").read_bytes()
    (root / "cut.lmdb" / "data.mdb").write_bytes(data[: len(data) - 8192])
    (root / "no.lmdb").mkdir()
    (root / "png").mkdir()
    (root / "png" / "huge.png").write_bytes(_huge_png())


def _huge_png() -> bytes:
    """A header that says 100,000 x 100,000."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    length, checksum = (struct.pack(">I", number) for number in (13, zlib.crc32(chunk)))
    return b"\x89PNG\r\n\x1a\n" + length + chunk + checksum


class Evil:
    """Unpickling it would write a file."""

    def __reduce__(self):
        return (open, ("was_run.txt", "w"))


def _checkpoints(root: Path) -> None:
    tensor = torch.ones(2, 3)
    torch.save({"params": {"conv.weight": tensor}}, root / "other.pth")
    torch.save({"params": {"conv.weight": tensor * float("nan")}}, root / "nan.pth")
    torch.save([tensor], root / "list.pth")
    torch.save({"params": {}}, root / "none.pth")
    torch.save({"state_dict": {"a": "text"}}, root / "words.pth")
    data = (root / "other.pth").read_bytes()
    (root / "cut.pth").write_bytes(data[: len(data) * 2 // 3])
    (root / "zero.pth").write_bytes(b"")
    (root / "text.pth").write_text("not a checkpoint")
    (root / "evil.pth").write_bytes(pickle.dumps(Evil()))
    (root / "pickle.pth").write_bytes(pickle.dumps({"params": [1, 2, 3]}))
    (root / "run" / "models").mkdir(parents=True)
    (root / "stray.pth").symlink_to(root / "nowhere.pth")
    data = (WEIGHTS / "small_fast.safetensors").read_bytes()
    (root / "cut.safetensors").write_bytes(data[: len(data) // 2])


def _texts(root: Path) -> None:
    (root / "mm.py").write_text(MMAGIC)
    (root / "ba.yml").write_text(BASICSR)
    (root / "bad.json").write_text("{")
    (root / "list.json").write_text("[1, 2]")
    (root / "empty.json").write_text("{}")
    (root / "numbers.json").write_text(json.dumps({"kind": "evaluation", "clips": 3}))
    (root / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    (root / "bad.py").write_text("model = dict(")
    (root / "raises.py").write_text("1 / 0\n")
    (root / "empty.py").write_text("")
    (root / "base.py").write_text("_base_ = 'nowhere.py'\n")
    (root / "imports.py").write_text("custom_imports = dict(imports=['no_such_module'])\n")
    (root / "bad.yml").write_text("a: [1")
    (root / "empty.yml").write_text("")
    (root / "list.yml").write_text("- 1\n")
    (root / "tags.yml").write_text("a: !!python/object/apply:os.getcwd []\n")
    (root / "binary.yml").write_bytes(b"\xff\xfe\x00\x01")
    (root / "config.txt").write_text("model = dict()")
    (root / "broken_tree").mkdir()
    (root / "broken_tree" / "manifest.json").write_text("{")
    (root / "odd_tree").mkdir()
    (root / "odd_tree" / "manifest.json").write_text('{"arguments": {"scale": "x"}}')
    (root / "words").write_text("a file where a folder should be")


FULL_MMAGIC = """
loader = dict(batch_size=1, num_workers=0, persistent_workers=False)
train_dataloader = dict(
    **loader,
    sampler=dict(type='FCA2InfiniteSampler'),
    dataset=dict(
        type='FCA2ClipsDataset', dataroot_gt='gt', dataroot_lq='lq', raw_prob=1, num_frame=4,
        gt_size=32, pipeline=[dict(type='PackInputs')]))
val_dataloader = test_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FCA2ClipsDataset', dataroot_gt='gt', dataroot_lq='lq', raw_prob=1,
        pipeline=[dict(type='PackInputs')]))
val_evaluator = test_evaluator = dict(type='Evaluator', metrics=[dict(type='PSNR')])
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2)
val_cfg = dict(type='MultiValLoop')
test_cfg = dict(type='MultiTestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=2, by_epoch=False))
env_cfg = dict(cudnn_benchmark=False, mp_cfg=dict(opencv_num_threads=1))
"""
WRAPPED = """
_base_ = 'full.py'
model = dict(
    type='FCA2Wrapper', _delete_=True, model={{_base_.model}}, stage='joint', preset='tiny')
"""
FULL_BASICSR = """
name: run
model_type: FCA2Model
scale: 4
num_gpu: auto
manual_seed: 0
datasets:
  train:
    {name: clips, type: FCA2VideoDataset, dataroot_gt: gt, dataroot_lq: lq, raw_prob: 1,
     num_frame: 4, gt_size: 32, num_worker_per_gpu: 0, batch_size_per_gpu: 1}
  val: {name: test, type: FCA2VideoTestDataset, dataroot_gt: gt, dataroot_lq: lq, raw_prob: 1}
network_g:
  {type: FCA2Net, vsr: {type: BasicVSR, num_feat: 8, num_block: 1}, stage: joint, preset: tiny}
path: {pretrain_network_g: ~}
train:
  ema_decay: 0.9
  optim_g: {type: Adam, lr: 0.001}
  scheduler: {type: CosineAnnealingRestartLR, periods: [2], restart_weights: [1]}
  total_iter: 2
  pixel_opt: {type: CharbonnierLoss}
val: {val_freq: 2, save_img: false, metrics: {psnr: {type: calculate_psnr, crop_border: 0}}}
logger: {print_freq: 1, save_checkpoint_freq: 2, use_tb_logger: false}
"""


def make_runs(root: Path) -> None:
    """Configs that would train, and folders of runs that lost something."""
    (root / "full.py").write_text(MMAGIC + FULL_MMAGIC)
    (root / "wrapped.py").write_text(WRAPPED)
    (root / "full.yml").write_text(FULL_BASICSR)
    (root / "own_module.py").write_text("1 / 0\n")
    cut = (root / "cut.pth").read_bytes()
    for folder in ("cut_run", "gone_run"):
        (root / folder).mkdir()
    (root / "cut_run" / "iter_2.pth").write_bytes(cut)
    (root / "cut_run" / "last_checkpoint").write_text("iter_2.pth")
    (root / "gone_run" / "last_checkpoint").write_text("iter_9.pth")
    for name, state in (("cut_state", cut), ("no_state", None), ("other_state", b"")):
        run = root / "experiments" / name
        (run / "models").mkdir(parents=True)
        (run / "training_states").mkdir()
        shutil.copy(root / "other.pth", run / "models" / "net_g_2.pth")
        if state is not None:
            (run / "training_states" / "2.state").write_bytes(state)
