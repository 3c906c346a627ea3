"""Install script; ``tools/`` calls it with ``constraints.txt`` and all the extras."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def version() -> str:
    """Read the version without importing the package, whose dependencies may be absent."""
    text = (ROOT / "fca2_plugin" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


def readme() -> str:
    path = ROOT / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


EXTRAS = {
    # MMagic 1.2.0 itself is not listed: its own requirements (diffusers, transformers, mediapipe,
    # ... without upper bounds) break its import today, and video restoration uses none of them.
    # tools/ installs it with `pip install --no-deps mmagic`; these are the packages it needs then.
    "mmagic": [
        "mmengine>=0.10.7,<0.11",
        "mmcv-lite>=2.1.0,<2.2",
        "scipy",
        "click",
        "requests",
        "tqdm",
        "imageio",
        "tensorboard",
    ],
    # BasicSR 1.4.2 itself is not listed: its build imports torch, so an isolated build downloads
    # torch a second time. tools/ installs it with `--no-deps --no-build-isolation`.
    "basicsr": ["addict", "lmdb", "pyyaml", "requests", "scipy", "tensorboard", "tqdm", "yapf"],
    # scenedetect finds the cuts; it asks for the opencv-python that is installed anyway
    "video": ["av", "scenedetect"],
    "lmdb": ["lmdb"],
    # scikit-image for its photographs, matplotlib for the report
    "quickstart": ["matplotlib", "scikit-image"],
    # the exporter of torch writes with onnx and onnxscript; onnxruntime proves what it wrote
    "export": ["onnx", "onnxruntime", "onnxscript"],
    # LPIPS
    "evaluation": ["torchmetrics"],
    # a binary of ffmpeg, licensed GPL, with libvmaf
    "vmaf": ["imageio-ffmpeg"],
    "dev": ["imageio-ffmpeg", "pytest", "pytest-xdist", "ruff", "torchmetrics"],
}

setup(
    name="fca2_plugin",
    version=version(),
    description="FCA2: frame compression-aware autoencoder for video SR, inside MMagic and BasicSR",
    long_description=readme(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["fca2_plugin", "fca2_plugin.*"]),
    package_data={"fca2_plugin": ["weights/*", "apps/serve/page.*"]},
    python_requires=">=3.10",
    install_requires=[
        "torch",
        "torchvision",
        "numpy",
        "opencv-python",
        "pillow",
        "rich",
        "safetensors",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["fca2 = fca2_plugin.cli:main"]},
    classifiers=[
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Multimedia :: Video",
    ],
)
