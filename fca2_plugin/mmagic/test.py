"""Test a checkpoint with an MMagic config: ``python -m fca2_plugin.mmagic.test CONFIG CHECKPOINT``.

The options are those of MMagic's ``tools/test.py``.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import mmengine
from mmengine.dist import is_main_process

from fca2_plugin._distributed import end_distributed
from fca2_plugin._errors import run_command
from fca2_plugin.mmagic.runner import load_config, test
from fca2_plugin.mmagic.train import add_common_arguments

__all__ = ["main"]

_OUT_SUFFIXES = (".json", ".yaml", ".yml", ".pkl")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, test, and return the exit code."""
    parser = argparse.ArgumentParser(
        description="Test a checkpoint with an MMagic config.",
        epilog="example: python -m fca2_plugin.mmagic.test my_config.py work_dirs/my_config",
    )
    parser.add_argument("config", help="the config file")
    parser.add_argument("checkpoint", help="a checkpoint of either host, or the folder of a run")
    parser.add_argument("--out", metavar="FILE", help="write the metrics to a .json, .yaml or .pkl")
    add_common_arguments(parser)
    args = parser.parse_args(argv)
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    return run_command(lambda: _test(args), args.debug)


def _test(args: argparse.Namespace) -> int:
    # before the test, which can take hours
    if args.out and Path(args.out).suffix not in _OUT_SUFFIXES:
        raise ValueError(
            f"--out takes a file ending in {', '.join(_OUT_SUFFIXES)}, got {args.out!r}"
        )
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    cfg.launcher = args.launcher
    metrics = test(cfg, args.checkpoint)
    if args.out and is_main_process():
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        mmengine.dump(metrics, args.out)
    end_distributed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
