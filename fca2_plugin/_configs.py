"""The configs that come with the package, and their short names: ``fca2_plugin::FOLDER/FILE``."""

import sys
from pathlib import Path

from fca2_plugin._suggest import did_you_mean

__all__ = ["CONFIGS", "PREFIX", "find_config", "find_own_modules"]

#: Where MMEngine and mim look for the configs of a package; in a clone it leads to ``configs``.
CONFIGS = (Path(__file__).parent / ".mim" / "configs").resolve()
PREFIX = "fca2_plugin::"


def find_config(name: str | Path) -> Path:
    """The path of a config.

    Args:
        name: A path, which stays as it is, or ``fca2_plugin::mmagic/tiny/tiny_basicvsr.py`` for one
            that comes with the package.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if not str(name).startswith(PREFIX):
        path = Path(name)
        if not path.is_file():
            raise FileNotFoundError(
                f"there is no config {str(name)!r}; give the path of MMagic's .py or BasicSR's .yml"
            )
        return path
    short = str(name).removeprefix(PREFIX)
    path = CONFIGS / short
    if not path.is_file():
        known = (str(one.relative_to(CONFIGS)) for one in CONFIGS.rglob("*.[py]*"))
        raise FileNotFoundError(
            f"there is no config {short!r} in {CONFIGS}{did_you_mean(short, known)}"
        )
    return path


def find_own_modules() -> None:
    """Let a config import modules of the current folder, as ``python -m`` and so tools/*.sh do.

    They come last, so that a file there cannot take the place of an installed module.
    """
    here = str(Path.cwd())
    if not {"", here} & set(sys.path):
        sys.path.append(here)
