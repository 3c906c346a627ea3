"""Every verb on inputs that are wrong: one sentence with a name in it, and nothing left behind."""

import shlex
import shutil
from pathlib import Path

import pytest

from fca2_plugin.cli import VERBS, main
from tests.conftest import require_host
from tests.malformed.material import make_files
from tests.malformed.outcome import faults, run

require_host("mmagic")
require_host("basicsr")


def table(name: str) -> list[tuple[str, str]]:
    """The lines of a table: what the sentence names, and the command."""
    lines = (Path(__file__).with_name(name)).read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" | ", 1) for line in lines if line.strip() and not line.startswith("#"))
    return [(name, command) for name, command in pairs]


CASES = table("verbs.txt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("malformed")
    make_files(root)
    return root


@pytest.mark.parametrize(("name", "command"), CASES, ids=[command for _, command in CASES])
def test_one_sentence(name, command, folder, monkeypatch):
    monkeypatch.chdir(folder)
    shutil.rmtree("out", ignore_errors=True)
    outcome = run(main, shlex.split(command), folder)
    assert not faults(outcome, name), outcome.err[-1500:]


def test_the_table_holds_every_verb():
    used = {command.split()[0] for _, command in CASES}
    assert set(VERBS) <= used
    assert len(CASES) > 200
