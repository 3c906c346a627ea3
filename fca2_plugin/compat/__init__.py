"""Everything that adapts MMagic and BasicSR to a current Python, numpy and torch.

This is the only package that changes anything outside itself, and importing it changes nothing.
Each shim is one module with ``apply() -> str | None``: the reason why it was needed here, or None
when it did nothing. What breaks, why, and when the shim does nothing stand in its docstring.
``during`` replaces parts of a host for the time of one run.
"""

import importlib
import importlib.util

from fca2_plugin._optional import require
from fca2_plugin._requirements import install_line

__all__ = ["prepare_basicsr", "prepare_mmagic", "reasons"]

# In the order in which they have to be applied: MMagic's own modules are first imported, and so
# first need numpy's old names and the compiled ops, in mmagic_imports.
_MMAGIC = (
    "numpy_names",
    "mmcv_ext",
    "mmagic_imports",
    "mmagic_compression",
    "mmengine_packages",
    "mmengine_configs",
    "mmengine_text",
    "mmengine_checkpoints",
    "mmengine_saving",
    "mmengine_dist",
    "mmagic_half",
    "mmcv_batches",
)
_BASICSR = (
    "torchvision_names",
    "basicsr_deform",
    "basicsr_mirror",
    "basicsr_dist",
    "basicsr_resume",
    "basicsr_validation",
    "basicsr_half",
)

_outcomes: dict[str, str | None] = {}


def prepare_mmagic() -> list[str]:
    """Apply the shims that MMagic, MMEngine and MMCV need here, once.

    Returns:
        The names of those that were needed.

    Raises:
        ModuleNotFoundError: MMagic, MMEngine or MMCV is not installed.
    """
    for module in ("mmengine", "mmcv"):
        require(module, "mmagic")
    _check_installed("mmagic")
    return _apply(_MMAGIC)


def prepare_basicsr() -> list[str]:
    """Apply the shims that BasicSR needs here, once.

    Returns:
        The names of those that were needed.

    Raises:
        ModuleNotFoundError: BasicSR is not installed.
    """
    _check_installed("basicsr")
    return _apply(_BASICSR)


def reasons() -> dict[str, str]:
    """Name and reason of every shim that was needed so far."""
    return {name: reason for name, reason in _outcomes.items() if reason is not None}


def _check_installed(host: str) -> None:
    """Without importing it, which needs the shims."""
    if importlib.util.find_spec(host) is None:
        raise ModuleNotFoundError(
            f"{host} is not installed; install it with `{install_line(host)}`", name=host
        )


def _apply(names: tuple[str, ...]) -> list[str]:
    for name in names:
        if name not in _outcomes:
            _outcomes[name] = importlib.import_module(f"{__name__}.{name}").apply()
    return [name for name in names if _outcomes[name] is not None]
