"""Tries one part of the installation and prints what it found as one line of JSON.

``python -m fca2_plugin.compat.probe mmagic``: each part is tried in a process of its own, so that
one which fails or crashes on import says nothing about the others. ``apps.doctor`` reads the line.
"""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

from fca2_plugin import compat
from fca2_plugin._optional import require
from fca2_plugin._requirements import twins, version_of

__all__ = ["PARTS", "probe"]

_ENCODERS = ("libx264", "libx265", "libvpx-vp9", "libsvtav1")
_OPENCV = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


def probe(part: str) -> dict:
    """Try ``part`` and return ``works``, ``versions``, ``details`` and, if it fails, ``error``."""
    check, packages = PARTS[part]
    found: dict[str, Any] = {"versions": {package: version_of(package) for package in packages}}
    try:
        found.update(works=True, details=check())
    except Exception as error:  # whatever a broken installation raises is the answer
        found.update(works=False, details=[], error=f"{type(error).__name__}: {error}")
    found["details"] += [f"{name}: {reason}" for name, reason in compat.reasons().items()]
    return found


def _torch() -> list[str]:
    import jinja2  # noqa: F401
    import PIL.Image  # noqa: F401
    import rich  # noqa: F401
    import safetensors.torch  # noqa: F401
    import torch
    from torchvision.ops import deform_conv2d

    # imports torch, for seconds, which the other parts do without
    from fca2_plugin._gpu import driver_version, unseen_gpu, wheel_tag

    def kernel(device: str) -> torch.Tensor:
        x, offset, weight = torch.rand(1, 1, 4, 4), torch.zeros(1, 18, 4, 4), torch.rand(1, 1, 3, 3)
        return deform_conv2d(x.to(device), offset.to(device), weight.to(device), padding=1).cpu()

    kernel("cpu")
    unseen = unseen_gpu()
    if unseen is not None:
        raise RuntimeError(unseen)
    wheels = f"wheels of the index {wheel_tag()}"
    if not torch.cuda.is_available():
        everything = "everything runs on the CPU, which is too slow for full training"
        return [f"no CUDA device: {everything} ({wheels})"]
    found = []
    for index in range(torch.cuda.device_count()):
        kernel(f"cuda:{index}")  # a GPU that these wheels were not built for fails here
        name = torch.cuda.get_device_name(index)
        found.append(f"CUDA {torch.version.cuda}: {name}, one kernel ran")
    return [*found, f"driver {driver_version() or 'not found'}, {wheels}"]


def _opencv() -> list[str]:
    import cv2
    import numpy as np

    cv2.GaussianBlur(np.zeros((8, 8), np.uint8), (3, 3), 1.0)
    both = twins(*_OPENCV)
    return [f"cv2 is {cv2.__version__}", *([both] if both else [])]


def _av() -> list[str]:
    av = require("av", "video")
    available = [name for name in _ENCODERS if name in av.codecs_available]
    import scenedetect.detectors  # noqa: F401

    if "libx264" not in available:
        raise RuntimeError(f"this PyAV has no libx264 encoder, only {available}")
    return [f"encoders: {', '.join(available)}"]


def _mmagic() -> list[str]:
    compat.prepare_mmagic()
    import mmagic.datasets.transforms  # noqa: F401
    import mmagic.evaluation  # noqa: F401
    import torch
    from mmagic.models import BasicVSRPlusPlusNet
    from mmengine.utils import get_installed_path

    from fca2_plugin.compat import mmagic_imports

    get_installed_path("mmagic")  # as for _base_ = 'mmagic::...'
    net = BasicVSRPlusPlusNet(mid_channels=8, num_blocks=1, spynet_pretrained=None)
    with torch.no_grad():
        net(torch.rand(1, 2, 3, 64, 64))
    skipped = sorted(name.rpartition(".")[2] for name in mmagic_imports.skipped)
    details = [f"not importable here, but not needed: {', '.join(skipped)}"] if skipped else []
    both = twins("mmcv", "mmcv-lite")
    return details + ([both] if both else [])


def _basicsr() -> list[str]:
    compat.prepare_basicsr()
    import basicsr.train  # noqa: F401
    import torch
    from basicsr.archs.basicvsr_arch import BasicVSR

    with torch.no_grad():
        BasicVSR(num_feat=8, num_block=1)(torch.rand(1, 2, 3, 64, 64))
    return []


PARTS: dict[str, tuple[Callable[[], list[str]], tuple[str, ...]]] = {
    "torch": (_torch, ("torch", "torchvision", "numpy", "pillow", "safetensors", "rich", "jinja2")),
    "opencv": (_opencv, _OPENCV),
    "video": (_av, ("av", "scenedetect")),
    "mmagic": (_mmagic, ("mmagic", "mmengine", "mmcv-lite", "mmcv", "setuptools")),
    "basicsr": (_basicsr, ("basicsr",)),
}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(probe(sys.argv[1])))
