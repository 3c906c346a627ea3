"""Training, testing and resuming on both hosts: configs, data and checkpoints that are wrong."""

import shlex
import shutil

import pytest

from tests.conftest import require_host
from tests.malformed.outcome import faults, run
from tests.malformed.test_verbs import table

require_host("mmagic")
require_host("basicsr")

from fca2_plugin.basicsr import test as basicsr_test  # noqa: E402
from fca2_plugin.basicsr import train as basicsr_train  # noqa: E402
from fca2_plugin.mmagic import test as mmagic_test  # noqa: E402
from fca2_plugin.mmagic import train as mmagic_train  # noqa: E402

MAINS = {
    ("mmagic", "train"): mmagic_train.main,
    ("mmagic", "test"): mmagic_test.main,
    ("basicsr", "train"): basicsr_train.main,
    ("basicsr", "test"): basicsr_test.main,
}
CASES = table("hosts.txt")


def command_of(line: str):
    """What runs a line of the table: called like a program's ``main``."""
    host, verb, *arguments = shlex.split(line)
    return MAINS[host, verb], arguments


@pytest.mark.parametrize(("name", "command"), CASES, ids=[command for _, command in CASES])
def test_one_sentence(name, command, folder, monkeypatch):
    monkeypatch.chdir(folder)
    shutil.rmtree("out", ignore_errors=True)
    main, arguments = command_of(command)
    outcome = run(main, arguments, folder)
    assert not faults(outcome, name), outcome.err[-1500:]


def test_the_table_holds_both_hosts():
    used = {tuple(shlex.split(command)[:2]) for _, command in CASES}
    assert used == set(MAINS)
    assert len(CASES) > 120
