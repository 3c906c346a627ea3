"""Each shim: nothing where nothing is broken, and the repair where it is."""

import random
import sys
import types

import numpy as np
import pytest

from fca2_plugin.compat import (
    mmagic_compression,
    mmcv_ext,
    mmengine_text,
    numpy_names,
    prepare_mmagic,
    torchvision_names,
)
from tests.conftest import require_host, run_python

require_host("mmagic")

from mmengine.config import config  # noqa: E402

pytestmark = pytest.mark.mmagic


def test_importing_compat_changes_nothing():
    run_python(
        "import sys; before = list(sys.meta_path)\n"
        "import fca2_plugin.compat as compat\n"
        "assert sys.meta_path == before and compat.reasons() == {}\n"
        "assert not {'torch', 'mmcv', 'mmengine', 'mmagic', 'basicsr'} & set(sys.modules)"
    )


def test_numpy_names_only_where_the_name_is_gone(monkeypatch):
    monkeypatch.setattr(np, "bool8", np.bool_, raising=False)
    assert numpy_names.apply() is None
    monkeypatch.setattr(np, "__getattr__", _no_attribute)
    monkeypatch.delattr(np, "bool8")
    assert "bool8" in numpy_names.apply()
    assert np.bool8 is np.bool_


def _no_attribute(name):
    raise AttributeError(name)


def test_functional_tensor_only_where_the_module_is_gone(monkeypatch):
    name = "torchvision.transforms.functional_tensor"
    present = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, present)
    assert torchvision_names.apply() is None
    assert sys.modules[name] is present
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "functional_tensor" in torchvision_names.apply()
    import torchvision

    grayscale = torchvision.transforms.functional.rgb_to_grayscale
    assert sys.modules.pop(name).rgb_to_grayscale is grayscale


def test_compiled_ops_are_used_where_they_exist(monkeypatch):
    compiled = types.ModuleType("mmcv._ext")
    monkeypatch.setitem(sys.modules, "mmcv._ext", compiled)
    assert mmcv_ext.apply() is None
    assert sys.modules["mmcv._ext"] is compiled


def test_video_compression_only_with_pyav(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert mmagic_compression.apply() is None


def test_video_compression_works():
    """Here and now, drawn as MMagic draws it."""
    require_host("av")
    prepare_mmagic()
    from mmagic.datasets.transforms import RandomVideoCompression

    params = {"codec": ["libx264", "mpeg4"], "codec_prob": [0.5, 0.5], "bitrate": [1e4, 1e5]}
    transform = RandomVideoCompression(params, ["img"])
    clip = [np.full((32, 48, 3), 10.0 * t, np.float32) for t in range(7)]

    def compressed():
        random.seed(3)
        np.random.seed(3)
        return transform({"img": clip})["img"]

    coded = compressed()
    assert [frame.shape for frame in coded] == [(32, 48, 3)] * 7
    assert coded[0].dtype == np.float32
    assert np.abs(np.stack(coded) - np.stack(clip)).max() < 6
    assert np.array_equal(coded, compressed())


def test_the_text_of_a_config_is_laid_out_once(monkeypatch):
    laid_out = []

    def lay_out(text, style_config):
        laid_out.append(text)
        return text.replace(",", ", "), style_config["based_on_style"] == "pep8"

    monkeypatch.setattr(config, "FormatCode", lay_out)
    assert mmengine_text.apply() is not None
    cfg = config.Config({"a": [1, 2]})
    assert cfg.pretty_text == cfg.pretty_text == lay_out(laid_out[0], {"based_on_style": "pep8"})[0]
    assert len(laid_out) == 2  # once, and in the line above
    cfg.a = 3
    assert "3" in cfg.pretty_text and len(laid_out) == 3
    monkeypatch.delattr(config, "FormatCode")
    assert mmengine_text.apply() is None


def test_mmagic_is_prepared_once_and_leaves_no_half_import():
    """One process for what a fresh import of the whole of MMagic shows."""
    run_python(
        "import fca2_plugin.compat as compat\n"
        "first = compat.prepare_mmagic()\n"
        "import sys; finders = list(sys.meta_path)\n"
        "assert compat.prepare_mmagic() == first and sys.meta_path == finders\n"
        "assert set(compat.reasons()) == set(first)\n"
        "import mmagic.models, mmagic.datasets.transforms, mmagic.evaluation\n"
        "from mmagic.registry import MODELS\n"
        "from fca2_plugin.compat.mmagic_imports import KEEP, skipped\n"
        "assert not {f'mmagic.models.editors.{name}' for name in KEEP} & set(skipped)\n"
        "models = MODELS.module_dict\n"
        "assert {'BasicVSRNet', 'BasicVSRPlusPlusNet', 'EDVRNet', 'IconVSRNet'} <= set(models)\n"
        "for name in skipped:\n"
        "    left = [k for k, v in models.items() if v.__module__.startswith(name + '.')]\n"
        "    assert not left, left\n"
    )


def test_a_model_that_fails_to_import_becomes_a_placeholder(tmp_path, warm):
    (tmp_path / "einops.py").write_text("raise RuntimeError('too new')\n")
    run_python(
        "import fca2_plugin.compat as compat; compat.prepare_mmagic()\n"
        "from mmagic.models.editors import Restormer\n"
        "from fca2_plugin.compat.mmagic_imports import skipped\n"
        "assert skipped['mmagic.models.editors.restormer'] == 'RuntimeError: too new'\n"
        "try:\n"
        "    Restormer()\n"
        "except ImportError as error:\n"
        "    assert 'restormer.Restormer could not be imported here' in str(error), error\n"
        "else:\n"
        "    raise AssertionError('built a placeholder')\n",
        python=warm,
        PYTHONPATH=str(tmp_path),
    )


def test_prepared_after_the_host_was_imported_and_without_pkg_resources(warm):
    """As with MMagic's own tools/train.py, under setuptools 82 and newer."""
    run_python(
        "import sys\n"
        "sys.modules['pkg_resources'] = None\n"  # what an import of an absent module meets
        "import mmengine.config.config, mmengine.hub, mmagic.utils\n"
        "import fca2_plugin.compat as compat\n"
        "assert 'mmengine_packages' in compat.prepare_mmagic()\n"
        "from mmengine.config import Config\n"
        "from pathlib import Path\n"
        "import tempfile\n"
        "path = Path(tempfile.mkdtemp()) / 'config.py'\n"
        "path.write_text(\"_base_ = 'mmagic::basicvsr/basicvsr_2xb4_reds4.py'\")\n"
        "assert Config.fromfile(str(path)).model.type == 'BasicVSR'\n"
        "from mmengine.utils import get_installed_path, is_installed\n"
        "assert get_installed_path('mmagic') == str(Path(sys.modules['mmagic'].__file__).parent)\n"
        "assert is_installed('mmcv') and is_installed('mmcv-lite')\n"
        "assert not is_installed('no_such_package')\n"
        "from mmengine.utils.package_utils import package2module\n"
        "assert package2module('mmcv-lite') == 'mmcv'\n"
        "import mmagic.models\n",
        python=warm,
    )


def test_distributed_data_parallel_on_the_cpu(warm):
    """MMEngine's launcher, and its wrapper with the device_ids that its runner always passes."""
    run_python(
        "import torch\n"
        "from fca2_plugin.compat import mmengine_dist\n"
        "from mmengine.device import get_device\n"
        "if get_device() != 'cpu':\n"
        "    assert mmengine_dist.apply() is None\n"
        "    raise SystemExit\n"
        "assert mmengine_dist.apply()\n"
        "from mmengine.dist import get_backend, init_dist\n"
        "from mmengine.model import MMDistributedDataParallel, MMSeparateDistributedDataParallel\n"
        "init_dist('pytorch', backend='nccl')\n"
        "assert get_backend() == 'gloo'\n"
        "net = MMDistributedDataParallel(module=torch.nn.Linear(2, 1), device_ids=[0])\n"
        "net(torch.ones(1, 2)).sum().backward()\n"
        "assert torch.equal(net.module.weight.grad, torch.ones(1, 2))\n"
        "parts = torch.nn.Sequential(torch.nn.Linear(2, 1))\n"
        "MMSeparateDistributedDataParallel(module=parts, device_ids=[0])\n",
        python=warm,
        RANK="0",
        LOCAL_RANK="0",
        WORLD_SIZE="1",
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT="29617",
    )
