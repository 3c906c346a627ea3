"""What the tests of both hosts and of whole processes start from."""

from pathlib import Path

import pytest

from tests.malformed.material import make_files, make_runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Wrong files of every kind, and runs of both hosts beside them."""
    root = tmp_path_factory.mktemp("malformed")
    make_files(root)
    make_runs(root)
    return root
