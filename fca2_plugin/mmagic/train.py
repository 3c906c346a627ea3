"""Train an MMagic config: ``python -m fca2_plugin.mmagic.train CONFIG``.

The options are those of MMagic's ``tools/train.py``. Its script itself also works once a config
names ``fca2_plugin.mmagic`` in ``custom_imports``; this one also prepares the host before the
config is read, so that ``_base_ = 'mmagic::...'`` works with any setuptools and numpy.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from mmengine.config import DictAction

from fca2_plugin._distributed import end_distributed
from fca2_plugin._errors import run_command
from fca2_plugin._malloc import keep_memory
from fca2_plugin.checkpoints import nothing_to_resume
from fca2_plugin.mmagic.runner import (
    load_config,
    train,
    use_amp,
    use_auto_scale_lr,
    use_resume,
)

__all__ = ["add_common_arguments", "main"]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share."""
    parser.add_argument("--work-dir", help="the folder for logs and checkpoints")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        metavar="KEY=VALUE",
        help='override options of the config, such as train_cfg.max_iters=10 or key="[a,b]"',
    )
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, train, and return the exit code."""
    parser = argparse.ArgumentParser(
        description="Train an MMagic config.",
        epilog="example: python -m fca2_plugin.mmagic.train my_config.py --resume",
    )
    parser.add_argument("config", help="the config file")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="auto|FILE",
        help="resume from the latest checkpoint of the work dir, or from FILE",
    )
    parser.add_argument("--amp", action="store_true", help="train in mixed precision")
    parser.add_argument(
        "--auto-scale-lr", action="store_true", help="scale the learning rate with the batch size"
    )
    add_common_arguments(parser)
    args = parser.parse_args(argv)
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    return run_command(lambda: _train(args), args.debug)


def _train(args: argparse.Namespace) -> int:
    keep_memory()
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    cfg.launcher = args.launcher
    if args.amp:
        use_amp(cfg)
    if args.auto_scale_lr:
        use_auto_scale_lr(cfg)
    if args.resume and not use_resume(cfg, args.resume):
        warnings.warn(nothing_to_resume(cfg.work_dir), stacklevel=2)
    runner = train(cfg)
    runner.logger.info(f"training is finished; logs and checkpoints are in {runner.work_dir}")
    del runner  # its model keeps the group's threads
    end_distributed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
