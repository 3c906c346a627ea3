"""``python -m tests.apps.upscale.corpus OUT``."""

import argparse
import sys
from fnmatch import fnmatch
from pathlib import Path

from fca2_plugin._errors import run_command
from fca2_plugin._files import write_json, write_text
from tests.apps.upscale.corpus.cases import CASES, real_cases
from tests.apps.upscale.corpus.checks import prove
from tests.apps.upscale.corpus.kills import kill_often
from tests.apps.upscale.corpus.memory import grow
from tests.apps.upscale.corpus.processes import run
from tests.apps.upscale.corpus.report import Proof


def main() -> int:
    parser = argparse.ArgumentParser(description="Prove fca2 upscale on files of every kind.")
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder for all of it")
    parser.add_argument(
        "--real",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="real videos, or folders of them; their first frames are added",
    )
    parser.add_argument(
        "--only", nargs="+", default=["*"], metavar="NAME", help="files by name, as '*.mkv'"
    )
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="kill N processes, too")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of kills")
    parser.add_argument("--memory", action="store_true", help="measure memory, too")
    args = parser.parse_args()
    return run_command(lambda: _prove_all(args))


def _prove_all(args: argparse.Namespace) -> int:
    args.out.mkdir(parents=True)
    cases = [
        case
        for case in (*CASES, *real_cases(args.real))
        if any(fnmatch(case.name, pattern) for pattern in args.only)
    ]
    proof = Proof()

    def tell(what: object) -> None:
        print(what, flush=True)
        write_json(args.out / "corpus.json", proof.as_json())
        write_text(args.out / "corpus.md", proof.as_markdown())

    for number, case in enumerate(cases):
        outcome = prove(case, args.out / f"{number:03d}", run)
        proof.files.append(outcome)
        tell(f"{case.name}: {'; '.join(outcome.problems) or 'ok'}")
    if args.kills:
        proof.kills = kill_often(args.out / "kills", args.kills, args.seed, tell)
    for one in grow(args.out / "memory") if args.memory else ():
        proof.memory.append(one)
        tell(one)
    tell("; ".join(proof.problems) or "all is well")
    return int(bool(proof.problems))


if __name__ == "__main__":
    sys.exit(main())
