"""The types of the package, by mypy with the settings of pyproject.toml."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import require_host

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_mypy_finds_no_error():
    require_host("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", os.devnull],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
