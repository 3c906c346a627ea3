"""This package's own configs as MMEngine's bases.

Breaks: ``_base_ = 'fca2_plugin::...'``, "mmengine does not support to load fca2_plugin config".
Why: MMEngine has a fixed table of the packages that bring configs.
Here: such a base is found by ``_configs``; all others go MMEngine's way.
Does nothing: for configs without such a base.
"""

from mmengine.config import Config

from fca2_plugin._configs import PREFIX, find_config

__all__ = ["apply"]


def apply() -> str:
    theirs = Config._get_cfg_path

    def find(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(PREFIX):
            return str(find_config(cfg_path)), None  # no scope: its types are the host's
        return theirs(cfg_path, filename)

    Config._get_cfg_path = staticmethod(find)
    return "MMEngine accepts only OpenMMLab's packages as bases of configs"
