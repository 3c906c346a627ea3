"""``fca2 convert``."""

import argparse

__all__ = ["EXAMPLE", "HELP", "OPTIONS", "REQUIRED", "run"]

HELP = "convert a checkpoint from one host to the other"
EXAMPLE = "fca2 convert work_dirs/run/iter_600.pth for_basicsr.pth --to basicsr"
OPTIONS = {
    "": {
        "source IN": "the checkpoint of MMagic or BasicSR",
        "target OUT": "the file to write",
        "--to basicsr|mmagic": "the host that will read it",
        "--force": "replace OUT if it exists",
    }
}
REQUIRED = ("--to",)


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
