"""A stock config of the host, wrapped in three lines: trains, validates, saves, resumes."""

import json

import pytest
import torch

from fca2_plugin.mmagic import runner
from fca2_plugin.mmagic.generator import FCA2Generator
from tests.conftest import require_host, run_python
from tests.mmagic import runs

require_host("mmagic")

from mmagic.registry import DATASETS, HOOKS, MODELS, TRANSFORMS  # noqa: E402

pytestmark = pytest.mark.mmagic

# IconVSR is made of EDVR-M, whose features have 64 channels
ICONVSR = dict(mid_channels=64, edvr_pretrained=None)


@pytest.mark.parametrize(
    ("net", "kind", "settings"),
    [
        ("BasicVSRNet", "FCA2Wrapper", {}),
        ("BasicVSRPlusPlusNet", "fca2_plugin.FCA2Wrapper", {}),
        ("IconVSRNet", "FCA2Wrapper", ICONVSR),
    ],
)
def test_a_stock_config_wraps_in_three_lines(net, kind, settings, clips, tmp_path):
    text = runs.wrapped(net, kind=kind)
    options = runs.options(clips, **settings)
    first = runner.train(runs.load(tmp_path, "wrapped", text, options))
    generator = first.model.generator
    assert isinstance(generator, FCA2Generator)
    assert type(generator.vsr).__name__ == net
    assert type(first.model).__name__ == "BasicVSR"  # the host's own class

    work_dir = tmp_path / "wrapped"
    assert (work_dir / "iter_2.pth").is_file()
    assert _logged(work_dir, "PSNR") > 0
    assert list(work_dir.rglob("*.png"))  # the host's visualiser wrote its pictures

    cfg = runs.load(tmp_path, "wrapped", text, {**options, "train_cfg.max_iters": 3})
    cfg.default_hooks.checkpoint.interval = 1
    runner.use_resume(cfg)
    second = runner.train(cfg)
    assert second.iter == 3
    assert second.model.step_counter == 3
    before, after = (torch.load(work_dir / f"iter_{i}.pth")["state_dict"] for i in (2, 3))
    assert before.keys() == after.keys()
    for part in ("cleaning", "autoencoder", "vsr"):  # joint: all of them learn, still
        keys = [key for key in before if key.startswith(f"generator.{part}.")]
        assert any(not torch.equal(before[key], after[key]) for key in keys), part


def test_wrapper_and_generator_slot_give_the_same_model(clips, tmp_path):
    text = runs.wrapped("BasicVSRNet")
    cfg = runs.load(tmp_path, "wrapped", text, runs.options(clips))
    outer = MODELS.build(cfg.model)
    fca2 = {key: value for key, value in cfg.model.items() if key not in ("type", "model")}
    for kind in ("FCA2Net", "fca2_plugin.FCA2Net"):
        slot = dict(type=kind, vsr=cfg.model.model.generator, **fca2)
        inner = MODELS.build({**cfg.model.model, "generator": slot})
        assert type(inner) is type(outer)
        assert list(inner.state_dict()) == list(outer.state_dict())
        inner.load_state_dict(outer.state_dict())
        lq = torch.rand(1, 5, 3, 8, 8)
        with torch.no_grad():
            assert torch.equal(inner.generator(lq), outer.generator(lq))


def test_the_package_itself_offers_both_names():
    run_python(
        "import sys, fca2_plugin\n"
        "assert not {'torch', 'mmengine'} & set(sys.modules)\n"
        "wrapper, net = fca2_plugin.FCA2Wrapper, fca2_plugin.FCA2Net\n"
        "from mmagic.registry import MODELS\n"
        "assert MODELS.get('FCA2Wrapper') is MODELS.get('fca2_plugin.FCA2Wrapper') is wrapper\n"
        "assert MODELS.get('FCA2Net') is MODELS.get('fca2_plugin.FCA2Net') is net\n"
        "assert not hasattr(fca2_plugin, 'FCA2Wraper')\n"
    )


def test_registering_twice_changes_nothing():
    from fca2_plugin.mmagic.register import register_all

    registries = (MODELS, DATASETS, TRANSFORMS, HOOKS)
    before = [dict(registry.module_dict) for registry in registries]
    register_all()
    assert [dict(registry.module_dict) for registry in registries] == before


def test_parts_of_fca2_are_models_of_their_own():
    net = MODELS.build(dict(type="FCA2Autoencoder", mid_channels=8, num_blocks=1, flow_mode=None))
    assert net(torch.rand(1, 4, 3, 8, 8)).shape == (1, 4, 3, 8, 8)
    net = MODELS.build(dict(type="FCA2CleaningNet", mid_channels=8, num_blocks=1))
    assert net(torch.rand(1, 2, 3, 8, 8)).shape == (1, 2, 3, 8, 8)


def _logged(work_dir, key):
    files = work_dir.rglob("scalars.json")
    values = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    return next(value[name] for value in values for name in value if name.endswith(key))
