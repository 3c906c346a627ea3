"""The command of ``get_basicvsr.sh``."""

import argparse
import sys

from pretrained import get_basicvsr

from fca2_plugin._errors import run_command


def main() -> int:
    """Get the weights, say what was done, and return the exit code."""
    parser = argparse.ArgumentParser(prog="get_basicvsr.sh", description=get_basicvsr.__doc__)
    parser.add_argument("folder", metavar="DIR", help="where the weights go")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args()
    return run_command(lambda: _get(args.folder), args.debug)


def _get(folder: str) -> int:
    written = get_basicvsr(folder, lambda sentence: print(f"==> {sentence}", flush=True))
    names = ", ".join(path.name for path in written)
    print(f"{folder} has everything: wrote {names}" if written else f"{folder} had everything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
