"""Which NVIDIA GPUs, driver and build of torch there are, and whether they fit."""

import os
import re
import warnings
from pathlib import Path

import torch

__all__ = ["driver_version", "unseen_gpu", "warn_of_unseen_gpu", "wheel_tag"]

_DEVICES, _DRIVER = Path("/dev"), Path("/proc/driver/nvidia/version")
#: The oldest driver on Linux for each CUDA, from NVIDIA's notes on compatibility.
_OLDEST_DRIVERS = {13: "580.65.06", 12: "525.60.13", 11: "450.80.02"}


def driver_version() -> str | None:
    """The version of NVIDIA's kernel driver; None where there is none."""
    text = _DRIVER.read_text(errors="replace") if _DRIVER.is_file() else ""
    found = re.search(r"\b\d{3}(?:\.\d+)+\b", text)
    return found.group() if found else None


def wheel_tag() -> str:
    """What the index of this torch's wheels ends with: ``cu128``, or ``cpu``."""
    cuda = torch.version.cuda
    return "cpu" if cuda is None else "cu" + "".join(cuda.split(".")[:2])


def unseen_gpu() -> str | None:
    """Say why torch does not use a GPU that is there; None where it does, or there is none.

    Whoever hides GPUs with ``CUDA_VISIBLE_DEVICES`` knows it.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if hidden or not any(_DEVICES.glob("nvidia[0-9]*")) or _sees_gpu():
        return None
    start = f"this machine has an NVIDIA GPU, but torch {torch.__version__} does not use it: "
    driver = driver_version()
    if torch.version.cuda is None:
        return f"{start}it was built without CUDA; install a torch for {_fitting(driver)}"
    needed = _OLDEST_DRIVERS.get(int(torch.version.cuda.split(".")[0]))
    if needed is None or driver is None or _numbers(driver) >= _numbers(needed):
        return start + _reason()
    return (
        f"{start}its CUDA {torch.version.cuda} (wheels {wheel_tag()}) needs driver {needed} or "
        f"newer, but driver {driver} is installed; update the driver, or install a torch for "
        f"{_fitting(driver)}"
    )


def warn_of_unseen_gpu() -> None:
    """Warn before everything runs on the CPU although there is a GPU."""
    sentence = unseen_gpu()
    if sentence is not None:
        warnings.warn(f"{sentence}; everything runs on the CPU", stacklevel=2)


def _sees_gpu() -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it would warn of is said here
        return torch.cuda.is_available()


def _reason() -> str:
    """What torch says when it has to use a GPU."""
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        return (str(error).strip().splitlines() or ["it gives no reason"])[0]
    return "it finds none"


def _fitting(driver: str | None) -> str:
    """Which wheels such a driver runs."""
    for major, oldest in _OLDEST_DRIVERS.items():
        if driver is not None and _numbers(driver) >= _numbers(oldest):
            return f"CUDA {major} (wheels of an index that begins with cu{major})"
    return "CUDA (nvidia-smi says which)"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
