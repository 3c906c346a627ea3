"""A few of the inputs once more, as a user starts the programs: whole processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import require_host
from tests.malformed.outcome import Outcome, faults

require_host("mmagic")
require_host("basicsr")

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("conv.weight", ["tools/test.sh", "wrapped.py", "other.pth", "--work-dir", "out"]),
        ("val_freq", ["tools/train.sh", "full.yml", "--cfg-options", "train.val_freq=1"]),
        ("cut.lmdb", ["fca2", "evaluate", "--sr", "cut.lmdb", "--gt", "gt"]),
        ("nowhere.pth", ["tools/test.sh", "full.py", "nowhere.pth"]),
        ("own.py", ["fca2", "export", "--config", "own.py", "--out", "own"]),
    ],
)
def test_one_sentence(name, command, folder):
    (folder / "own.py").write_text("custom_imports = dict(imports=['own_module'])")
    program, *arguments = command
    start = (
        ["bash", ROOT / program] if program != "fca2" else [sys.executable, "-m", "fca2_plugin.cli"]
    )
    done = subprocess.run(
        [*start, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **os.environ,
            "VIRTUAL_ENV": sys.prefix,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        },
    )
    assert done.returncode == 2
    nothing: frozenset[str] = frozenset()
    outcome = Outcome(done.returncode, done.stdout, done.stderr, nothing, nothing)
    assert not faults(outcome, name), done.stderr[-2000:]
