"""What the tests of both hosts' configs share: data where the configs expect it, and metafiles."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import torch
import yaml

from fca2_plugin.codec import write_yuv
from fca2_plugin.data import build_clips, build_mfqe_demo, demo_clips

__all__ = [
    *("ROOT", "check_metafiles", "is_enhancement", "is_only_tested"),
    *("shapes_alone", "walk", "write_data"),
]

ROOT = Path(__file__).parents[1]


def walk(node: object) -> Iterator[dict]:
    """All mappings of a config."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            yield from walk(child)


def _write_clip(folder: Path, names: list[str], size: int = 64) -> None:
    folder.mkdir(parents=True)
    frame = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    smooth = cv2.GaussianBlur(frame, (0, 0), 2)
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.roll(smooth, index, axis=1))


def is_enhancement(name: str) -> bool:
    """Whether a config is one of luma at scale 1, of the MFQE 2.0 layout."""
    return name.startswith("enhancement/") or Path(name).stem in ("tiny_stdf", "tiny_tgafnet")


#: What ``tools/train_small.sh`` makes beside ``data/clips``.
REAL = {
    "area": ("", "_crf18", "_crf23", "_crf28", "_crf33", "_crf38"),
    "bi": ("", "_x265-crf22", "_x265-crf32", "_vp9"),
}


def is_only_tested(name: str) -> bool:
    """Whether a config is of a network whose parts are trained by other configs."""
    return Path(name).stem.startswith("mfqe2-pair_")


def _write_videos(tree: Path, splits: tuple[str, str], codec: str, qps: Sequence[int]) -> None:
    """A raw video in each split and one for each QP, of 16 frames of noise."""
    draw = np.random.default_rng(0)
    for split in splits:
        for folder in ("raw", *(f"{codec}/QP{qp}" for qp in qps)):
            (tree / split / folder).mkdir(parents=True)
            write_yuv(tree / split / folder, split, draw.integers(0, 256, (16, 128, 128), np.uint8))


def write_data(root: Path) -> Path:
    """Write the data sets' folders and lists as the configs expect them below ``data``."""
    vimeo, reds, vid4 = (root / "data" / name for name in ("vimeo90k", "REDS", "Vid4"))
    _write_clip(vimeo / "GT/00001/0001", [f"im{i}.png" for i in range(1, 8)], 256)
    (vimeo / "meta_info_Vimeo90K_train_GT.txt").write_text("00001/0001 7 (256,256,3)\n")
    _write_clip(reds / "train_sharp/001", [f"{i:08d}.png" for i in range(42)], 256)
    for clip in ("000", "011", "015", "020"):
        _write_clip(reds / "train_sharp" / clip, [f"{i:08d}.png" for i in range(100)])
    (reds / "meta_info_reds4_train.txt").write_text("001/00000000.png (256, 256, 3)\n")
    (reds / "meta_info_reds4_val.txt").write_text("000/00000000.png (64, 64, 3)\n")
    _write_clip(vid4 / "GT/calendar", [f"{i:08d}.png" for i in range(3)])
    (vid4 / "meta_info_Vid4_GT.txt").write_text("calendar 3 (64,64,3)\n")
    demo = build_clips(demo_clips(1, 1, 14, (192, 192)), root / "data/demo")
    (root / "data/clips").mkdir()
    for split, of_demo in (("train", "train"), ("val", "test")):
        (root / "data/clips" / split).symlink_to(demo / of_demo)
    for tree, kinds in REAL.items():
        (root / f"data/real/{tree}/train").mkdir(parents=True)
        for kind in kinds:
            (root / f"data/real/{tree}/train/lq{kind}").symlink_to(demo / "train/lq")
    _write_videos(root / "data/MFQEv2", ("train_108", "test_18"), "HM16.5_LDP", [37])
    _write_videos(root / "data/small_mfqe", ("train", "test"), "x265_LDP", [22, 27, 32, 37, 42])
    build_mfqe_demo(root / "data/mfqe_demo", 1, 1, 4, (64, 64))
    return root


@contextmanager
def shapes_alone() -> Iterator[None]:
    """Build networks without weights, and without drawing any: slow even where none are kept."""
    with torch.device("meta"), patch.object(torch.Tensor, "normal_", lambda self, *_, **__: self):
        yield


def check_metafiles(host: str, configs: Iterable[Path], count: Callable[[Path], int]) -> None:
    """Each config of ``configs/<host>`` is in its family's metafile, with its parameters."""
    listed: Counter[Path] = Counter()
    for path in sorted((ROOT / "configs" / host).rglob("metafile.yml")):
        content = yaml.safe_load(path.read_text())
        collections = {collection["Name"] for collection in content["Collections"]}
        for model in content["Models"]:
            config = ROOT / model["Config"]
            assert config.is_relative_to(path.parent)
            assert model["Name"] == config.stem
            assert model["In Collection"] in collections
            assert model["Metadata"]["Parameters"] == count(config), config
            listed[config] += 1
        assert all((ROOT / collection["README"]).is_file() for collection in content["Collections"])
    assert listed == Counter(configs)
