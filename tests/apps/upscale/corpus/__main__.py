"""``python -m tests.apps.upscale.corpus OUT``."""

import argparse
import sys
from fnmatch import fnmatch
from pathlib import Path

from fca2_plugin._errors import run_command
from fca2_plugin._files import write_json, write_text
from tests.apps.upscale.corpus.cases import CASES, real_cases
from tests.apps.upscale.corpus.checks import prove
from tests.apps.upscale.corpus.kills import KillReport, kill_often
from tests.apps.upscale.corpus.memory import grow
from tests.apps.upscale.corpus.processes import run
from tests.apps.upscale.corpus.report import as_json, as_markdown


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
    outcomes, kills, grown = [], KillReport(), []
    for number, case in enumerate(cases):
        outcomes.append(prove(case, args.out / f"{number:03d}", run))
        print(f"{case.name}: {'; '.join(outcomes[-1].problems) or 'ok'}", flush=True)
    if args.kills:
        kills = kill_often(args.out / "kills", args.kills, args.seed, lambda kill: print(kill))
        print(f"kills: {'; '.join(kills.problems) or 'ok'}", flush=True)
    for one in grow(args.out / "memory") if args.memory else ():
        grown.append(one)
        print(one, flush=True)
    write_json(args.out / "corpus.json", as_json(outcomes, kills, grown))
    write_text(args.out / "corpus.md", as_markdown(outcomes, kills, grown))
    bad = any(outcome.problems for outcome in outcomes) or kills.problems
    bad = bool(bad) or not all(one.is_flat for one in grown)
    print(f"{'problems' if bad else 'all is well'}: {args.out / 'corpus.md'}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
