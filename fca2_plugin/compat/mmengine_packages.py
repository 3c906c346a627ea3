"""MMEngine's questions about installed packages, without ``pkg_resources``.

Breaks: ``_base_ = 'mmagic::...'`` with ``No module named 'pkg_resources'``.
Why: setuptools 82 removed it, and older ones warn; MMEngine 0.10.7 asks it where a package lies and
whether it is there.
Here: the same answers from importlib, in every module of the hosts that holds the functions.
"""

import importlib
import importlib.util
import sys
from importlib import metadata
from pathlib import Path

__all__ = ["apply", "get_installed_path", "is_installed", "package2module"]


def apply() -> str:
    package_utils = importlib.import_module("mmengine.utils.package_utils")
    for replacement in (is_installed, get_installed_path, package2module):
        name = replacement.__name__
        original = getattr(package_utils, name)
        for module in list(sys.modules.values()):
            if _is_host(module) and vars(module).get(name) is original:
                setattr(module, name, replacement)
    return "MMEngine finds packages by pkg_resources, which setuptools no longer has"


def is_installed(package: str) -> bool:
    """Whether ``package`` is a distribution, or a module that is not just a folder."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(package)
        return spec is not None and spec.origin is not None
    return True


def get_installed_path(package: str) -> str:
    """Return the folder of ``package``, given the name of a module or of a distribution."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        spec = importlib.util.find_spec(package2module(package))
    if spec is None or spec.origin is None:
        raise RuntimeError(
            f"{package} does not have a folder of its own, so its files cannot be found"
        )
    return str(Path(spec.origin).parent)


def package2module(package: str) -> str:
    """Return the module that the distribution ``package`` installs."""
    text = metadata.distribution(package).read_text("top_level.txt")
    if not text:
        raise ValueError(f"can not infer the module name of {package}")
    return text.split()[0]


def _is_host(module: object) -> bool:
    name = getattr(module, "__name__", None)
    return isinstance(name, str) and name.split(".")[0] in ("mmengine", "mmagic", "mmcv")
