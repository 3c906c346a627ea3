"""The command of ``pretrained_table.sh``."""

import argparse
import sys
from pathlib import Path

from pretrained import get_basicvsr
from pretrained.table import make_table
from rich.console import Console

from fca2_plugin._errors import run_command
from fca2_plugin._progress import progress_bar

WEIGHTS = Path(__file__).parents[1] / "data" / "basicvsr"  # where the configs look, too


def main() -> int:
    """Make the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="pretrained_table.sh")
    parser.add_argument("vid4", metavar="VID4", help="ground truth: videos or folders of frames")
    parser.add_argument("out", metavar="OUT", help="what was measured, table and picture")
    parser.add_argument("--frames", type=int, metavar="N", help="the first of each clip only")
    parser.add_argument(
        "--weights",
        metavar="DIR",
        default=WEIGHTS,
        help="published weights, got where they are missing (default: data/basicvsr)",
    )
    parser.add_argument("--device", help="cpu, cuda, ...; a GPU where there is one")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args()
    return run_command(lambda: _run(args), args.debug)


def _run(args: argparse.Namespace) -> int:
    console = Console(highlight=False)

    def report(sentence: str) -> None:
        console.print(f"==> {sentence}", soft_wrap=True)

    try:
        get_basicvsr(args.weights, report)
    except ValueError as error:  # the rows that need them are left out
        report(str(error))
    with progress_bar(console) as progress:
        make_table(
            args.vid4,
            args.out,
            weights=args.weights,
            frames=args.frames,
            device=args.device,
            report=report,
            progress=progress,
        )
    print((Path(args.out) / "table.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
