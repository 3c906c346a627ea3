"""Every YAML reads its data, builds a small version of its network, and trains a step."""

import functools
from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.config_trees import (
    ROOT,
    check_metafiles,
    is_enhancement,
    is_only_tested,
    shapes_alone,
    walk,
    write_data,
)
from tests.conftest import require_host

require_host("basicsr")

from fca2_plugin.basicsr import runner  # noqa: E402  makes the host ready

# isort: split
from basicsr.archs import build_network  # noqa: E402
from basicsr.data import build_dataset  # noqa: E402

from fca2_plugin.basicsr.enhancement import FCA2EnhancementModel  # noqa: E402
from fca2_plugin.basicsr.model import FCA2Model  # noqa: E402
from fca2_plugin.nets.build import STAGES  # noqa: E402

pytestmark = pytest.mark.basicsr

FOLDER = ROOT / "configs/basicsr"
CONFIGS = {
    path.relative_to(FOLDER).as_posix(): path
    for path in sorted(FOLDER.rglob("*.yml"))
    if path.name != "metafile.yml"
}
ENHANCEMENT = list(filter(is_enhancement, CONFIGS))
SR = [name for name in CONFIGS if name not in ENHANCEMENT]
FRAMES = 3  # of a step: the host's BasicVSR++ is slow on a CPU
ALONE = dict(num_gpu=0, dist=False, rank=0, is_train=True, path={})
SMALL = {
    "num_feat": 8,
    "mid_channels": 16,  # 16 groups of deformable convolution
    "num_block": 1,
    "num_blocks": 1,
    "num_extract_block": 1,
    "num_reconstruct_block": 1,
    "spynet_path": None,
    "edvr_path": None,
    "spynet_pretrained": None,
}
#: What the configs leave at its default.
SMALL_TYPES = {"FCA2FTVSRNet": {"band_channels": 1, "num_band_blocks": 1}}
#: Networks that pad; others need more than the last level of their SPyNet.
PADS = ("FCA2Net", "FCA2SlidingWindow", "FCA2FrontEnd", "FCA2FTVSRNet", "FCA2COMISRNet")


@functools.cache
def load(name: str) -> dict:
    return runner.load_config(CONFIGS[name])


def network(name: str, small: bool = True) -> dict:
    """The options of the network without files, and narrow."""
    cfg = runner.load_config(CONFIGS[name])["network_g"]
    for node in walk(cfg):
        for key in SMALL.keys() & node.keys():
            if small or SMALL[key] is None:
                node[key] = SMALL[key]
        if small:
            node.update(SMALL_TYPES.get(node.get("type"), {}))
        if "stage" in node:
            node.pop("checkpoints", None)
            for part in ("autoencoder", "cleaning") if small else ():
                if node.get(part) is not False:
                    node[part] = {**(node.get(part) or {}), "mid_channels": 8, "num_blocks": 1}
    return cfg


def scale_of(dataset: dict) -> int:
    return 4 if dataset.get("task", "vsr") == "vsr" else 1


def data_phases(name: str) -> dict:
    return {
        phase: {"phase": phase.split("_")[0], "scale": 4, **options}
        for phase, options in load(name)["datasets"].items()
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("root"))


@pytest.mark.parametrize("name", SR)
def test_a_config_trains_a_step(name, data, monkeypatch):
    monkeypatch.chdir(data)
    monkeypatch.setattr(FCA2Model, "_load_parts", lambda self: None)  # there is no stage 1 here
    torch.manual_seed(0)
    cfg = load(name)
    options = data_phases(name)["train"]
    scale = scale_of(options)
    patch = 16 * scale if cfg["network_g"]["type"] in PADS else options["gt_size"]
    options |= {"gt_size": patch, "num_frame": min(options["num_frame"], 7)}
    item = build_dataset(options)[0]
    frames = options["num_frame"] * (2 if options.get("flip_sequence") else 1)
    assert item["gt"].shape == (frames, 3, patch, patch)
    assert item["lq"].shape == (frames, 3, patch // scale, patch // scale)

    model = FCA2Model({**cfg, "network_g": network(name), **ALONE})
    before = {key: value.clone() for key, value in model.net_g.state_dict().items()}
    few = 5 if "iconvsr" in name else FRAMES  # the least that IconVSR takes
    model.feed_data({key: item[key][:few].unsqueeze(0) for key in ("lq", "gt")})
    model.optimize_parameters(1)
    assert model.get_current_log()["l_pix"] < float("inf")
    changed = {k for k, v in model.net_g.state_dict().items() if not v.equal(before[k])}
    assert changed
    frozen = getattr(model.net_g, "frozen", frozenset())
    assert not any(key.startswith(tuple(f"{part}." for part in frozen)) for key in changed)
    if cfg["train"].get("fix_flow"):
        assert not any("spynet" in key for key in changed)


def dataset_and_shapes(options: dict, known={}):  # noqa: B006
    """A data set and the shapes of its first clip; many configs share it, and it is read once."""
    key = repr(options)
    if key not in known:
        dataset = build_dataset(options)
        item = dataset[0]
        known[key] = dataset, item["lq"].shape, item["gt"].shape
    return known[key]


@pytest.mark.parametrize("name", SR)
def test_a_config_reads_its_test_clips(name, data, monkeypatch):
    monkeypatch.chdir(data)
    phases = data_phases(name)
    train, *_ = dataset_and_shapes(phases.pop("train"))
    assert phases
    for options in phases.values():
        dataset, lq, gt = dataset_and_shapes(options)
        assert dataset.clips.target.root != train.clips.target.root or not (
            set(dataset.clips.names) & set(train.clips.names)
        )
        scale = scale_of(options)
        assert lq[-2:] == (gt[-2] // scale, gt[-1] // scale)
        assert lq[0] == gt[0] > 1


@pytest.mark.parametrize("name", ENHANCEMENT)
def test_an_enhancement_config_trains_a_step_and_is_tested(name, data, monkeypatch):
    monkeypatch.chdir(data)
    torch.manual_seed(0)
    cfg = load(name)
    phases = data_phases(name)
    if not is_only_tested(name):
        item = build_dataset({**phases.pop("train"), "gt_size": 32})[0]
        model = FCA2EnhancementModel({**cfg, **ALONE})
        before = {key: value.clone() for key, value in model.net_g.state_dict().items()}
        model.feed_data({key: item[key].unsqueeze(0) for key in ("lq", "gt")})
        model.optimize_parameters(1)
        assert model.get_current_log()["l_pix"] < float("inf")
        assert any(not v.equal(before[k]) for k, v in model.net_g.state_dict().items())
    for options in phases.values():
        videos = build_dataset(options)
        assert len(videos) == 1 and len(videos[0]["pair"]) > 1


def test_test_sets_have_names_of_their_own():
    for name in CONFIGS:
        names = [o["name"] for phase, o in data_phases(name).items() if phase.startswith("test")]
        assert max(Counter(names).values(), default=1) == 1
        for options in data_phases(name).values():
            if "CRF" in options["name"]:
                assert options["name"].endswith(f"-CRF{options['crfs'][0]}")


def test_every_file_starts_with_its_command():
    for path in CONFIGS.values():
        head = path.read_text().split("\n\n")[0]
        command = f"{'test' if is_only_tested(path.stem) else 'train'}.sh {path.relative_to(ROOT)}"
        if path.parent.parts[-2:] == ("enhancement", "small"):  # which need their clips first
            command = f"train_enhancement.sh CLIPS TEST_CLIPS basicsr {path.stem}"
        assert f"bash tools/{command}" in head


def test_checkpoints_come_from_runs_of_these_configs():
    stems = {Path(name).stem: name for name in CONFIGS}
    for name in CONFIGS:
        for part, path in (load(name)["network_g"].get("checkpoints") or {}).items():
            if "://" in path:
                continue
            assert Path(path).parent == Path("experiments"), (name, path)
            network_g = load(stems[Path(path).name])["network_g"]
            if "spynet" in part:
                assert network_g["type"] == "FCA2CompactFlowNet", (name, path)
            elif part == "vsr":  # trained alone
                assert "stage" not in network_g, (name, path)
            else:
                assert STAGES[network_g["stage"]].learns == (part,), (name, path)


def test_names_are_those_of_mmagic():
    """Where both hosts have a config, it has one name."""
    mmagic = {path.stem for path in (ROOT / "configs/mmagic").rglob("*.py")}
    only_here = {Path(name).stem for name in CONFIGS} - mmagic
    assert all("tiny" in name for name in only_here)


def count_parameters(path: Path) -> int:
    with shapes_alone():
        net = build_network(network(path.relative_to(FOLDER).as_posix(), small=False))
    return sum(weight.numel() for weight in net.parameters())


def test_every_config_is_in_its_familys_metafile():
    check_metafiles("basicsr", CONFIGS.values(), count_parameters)
