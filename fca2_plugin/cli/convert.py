"""``fca2 convert``."""

import argparse

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "convert a checkpoint from one host to the other"
EXAMPLE = "fca2 convert work_dirs/run/iter_600.pth for_basicsr.pth --to basicsr"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", help="the checkpoint of MMagic or BasicSR")
    parser.add_argument("target", metavar="OUT", help="the file to write")
    parser.add_argument(
        "--to", required=True, choices=("basicsr", "mmagic"), help="the host that will read it"
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.convert import convert_checkpoint

    done = convert_checkpoint(args.source, args.target, args.to, force=args.force)
    what = "weights and their average" if done.averaged else "weights"
    print(
        f"{done.network}: {what}, {done.num_tensors} tensors each, for {args.to} in {args.target}"
    )
    if done.left_out:
        print(f"left out: {', '.join(done.left_out)}")
    if done.note:
        print(f"note: {done.note}")
    return 0
