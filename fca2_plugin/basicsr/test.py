"""Test with a BasicSR config: ``python -m fca2_plugin.basicsr.test CONFIG CHECKPOINT``.

The options are those of the MMagic side, and BasicSR's own names for them.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from fca2_plugin._distributed import end_distributed
from fca2_plugin._errors import run_command
from fca2_plugin._files import write_text
from fca2_plugin.basicsr.runner import load_config, test, use_debug
from fca2_plugin.basicsr.train import add_common_arguments, parse_options

__all__ = ["main"]

_WRITERS = {".json": json.dumps, ".yaml": yaml.safe_dump, ".yml": yaml.safe_dump}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, test, and return the exit code."""
    parser = argparse.ArgumentParser(
        description="Test a checkpoint with a BasicSR config.",
        epilog="example: python -m fca2_plugin.basicsr.test my_config.yml experiments/my_config",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="CONFIG CHECKPOINT",
        help="default: path.pretrain_network_g of the config",
    )
    parser.add_argument("--out", metavar="FILE", help="write the metrics to a .json or .yaml")
    add_common_arguments(parser)
    args = parser.parse_args(argv)
    files = [args.opt, *args.files] if args.opt else args.files
    if not 1 <= len(files) <= 2:
        parser.error("no config was given; give CONFIG CHECKPOINT, or -opt CONFIG")
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    return run_command(lambda: _test(args, *files), args.debug)


def _test(args: argparse.Namespace, config: str, checkpoint: str | None = None) -> int:
    # before the test, which can take hours
    if args.out and Path(args.out).suffix not in _WRITERS:
        raise ValueError(f"--out takes a file ending in {', '.join(_WRITERS)}, got {args.out!r}")
    cfg = load_config(config, parse_options(args.cfg_options), args.work_dir)
    if args.debug:
        use_debug(cfg)
    metrics = test(cfg, checkpoint, args.launcher)
    if args.out and os.environ.get("RANK", "0") == "0":
        out = Path(args.out)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, _WRITERS[out.suffix](metrics))
    end_distributed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
