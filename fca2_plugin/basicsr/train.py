"""Train a BasicSR config: ``python -m fca2_plugin.basicsr.train CONFIG``.

The options are those of the MMagic side, and BasicSR's own names for them: ``-opt CONFIG``,
``--auto_resume``, ``--force_yml a:b=1``.
"""

import argparse
import os
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import yaml

from fca2_plugin._distributed import end_distributed
from fca2_plugin._errors import run_command
from fca2_plugin._malloc import keep_memory
from fca2_plugin.basicsr.runner import load_config, train, use_debug, use_resume
from fca2_plugin.checkpoints import nothing_to_resume

__all__ = ["add_common_arguments", "main", "parse_options"]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share."""
    parser.add_argument("-opt", dest="opt", metavar="CONFIG", help="the config, as in BasicSR")
    parser.add_argument("--work-dir", help="the folder for experiments/, results/ and tb_logger/")
    parser.add_argument(
        "--cfg-options",
        "--force_yml",
        nargs="+",
        metavar="KEY=VALUE",
        help="override options of the config, such as train.total_iter=10 or "
        '"train:optim_g:betas=[0.9, 0.99]"',
    )
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm"], default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
    parser.add_argument(
        "--debug",
        action="store_true",
        help="make BasicSR's debug run, and show the traceback of an error",
    )


def parse_options(texts: Sequence[str] | None) -> dict[str, object]:
    """``KEY=VALUE`` texts as keys and values, the values read as YAML.

    Raises:
        ValueError: A text has no ``=``, or its value is not YAML.
    """
    options = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"got the option {text!r}; expected KEY=VALUE")
        try:
            options[key.strip()] = _number(yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise ValueError(f"the value of the option {text!r} is not valid YAML") from error
    return options


def _number(value: object) -> object:
    """YAML takes 1e-4 for a text; on the command line it is a number."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+e[+-]?\d+", value, re.IGNORECASE):
        return float(value)
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, train, and return the exit code."""
    parser = argparse.ArgumentParser(
        description="Train a BasicSR config.",
        epilog="example: python -m fca2_plugin.basicsr.train my_config.yml --resume",
    )
    parser.add_argument("config", nargs="?", help="the config file")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="auto|FILE",
        help="resume from the latest state of the run, or from a .state FILE",
    )
    parser.add_argument(
        "--auto_resume", dest="resume", action="store_const", const="auto", help="--resume auto"
    )
    add_common_arguments(parser)
    args = parser.parse_args(argv)
    if not (args.config or args.opt):
        parser.error("no config was given; give CONFIG or -opt CONFIG")
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    return run_command(lambda: _train(args), args.debug)


def _train(args: argparse.Namespace) -> int:
    keep_memory()
    options = parse_options(args.cfg_options)
    cfg = load_config(args.config or args.opt, options, args.work_dir)
    if args.debug:
        use_debug(cfg)
    if args.resume and not use_resume(cfg, args.resume):
        run = Path(cfg["root_path"], "experiments", cfg["name"])
        warnings.warn(nothing_to_resume(run), stacklevel=2)
    train(cfg, args.launcher)
    end_distributed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
