"""What the tests share: hosts that may be absent, GPUs that may be absent, fresh interpreters."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

# Gradio's client, which the tests of the page use, would report itself; read when it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def require_host(name: str) -> None:
    """Skip the calling module where the package ``name`` is absent.

    With FCA2_REQUIRE_HOSTS=1, which tools/run_tests.sh sets, its absence is a failure.
    """
    if importlib.util.find_spec(name) is not None:
        return
    if os.environ.get("FCA2_REQUIRE_HOSTS") == "1":
        pytest.fail(f"{name} is not installed, and FCA2_REQUIRE_HOSTS=1", pytrace=False)
    pytest.skip(f"{name} is not installed", allow_module_level=True)


def require_program(*names: str) -> str:
    """Find a program under one of its names, or skip the calling test and say so.

    No package installs a browser, so its absence is a failure only with FCA2_REQUIRE_BROWSER=1.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None and os.environ.get("FCA2_REQUIRE_BROWSER") == "1":
        pytest.fail(f"there is no {names[0]}, and FCA2_REQUIRE_BROWSER=1", pytrace=False)
    if found is None:
        pytest.skip(f"there is no {names[0]}")
    return found


def run_python(code: str, *arguments: str, **environment: str) -> str:
    """Run ``code`` in a fresh interpreter and return what it printed; fail if it fails."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not any(item.get_closest_marker("gpu") for item in items):
        return
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))
