"""What the tests share: hosts that may be absent, GPUs that may be absent, fresh interpreters."""

import gc
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warm import plain_text, warm_python

TESTS = Path(__file__).parent
_UPSCALE = "bad_input batch choices cli corpus faults resume spool stopping upscale".split()
#: What trains through a host, starts other programs, or codes and enlarges whole videos. A run with
#: -m "not slow" does not even import it: the hosts alone take half a minute.
SLOW = (
    *("mmagic", "basicsr", "compat", "tools", "apps/benchmark"),
    *("apps/export", "apps/test_one_runner.py", "apps/test_probe.py"),
    *("apps/test_quickstart.py", "apps/test_serve.py", "data/test_mfqe_build.py"),
    *("inference/test_wrap.py", "test_configs.py", "test_gpu.py", "test_runner.py"),
    *("malformed", "test_recipes.py", "test_tools.py", "test_two_hosts.py", "test_wheel.py"),
    *(f"apps/upscale/test_{name}.py" for name in _UPSCALE),
)

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


def run_python(
    code: str, *arguments: str, python: str | Path = sys.executable, **environment: str
) -> str:
    """Run ``code`` in a fresh interpreter and return what it printed; fail if it fails.

    With ``python=warm``, torch and what the hosts need are imported before.
    """
    run = subprocess.run(
        [python, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def is_slow(path: Path) -> bool:
    """Whether a module is in ``SLOW``, or in a folder that is."""
    name = path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""
    return any(name == one or name.startswith(f"{one}/") for one in SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    wanted = config.option.markexpr != "not slow"
    return None if wanted or not is_slow(collection_path) else True


@pytest.fixture(scope="session")
def warm(tmp_path_factory) -> Iterator[Path]:
    """A ``python`` whose programs start at once, for tests that start many; see ``tests.warm``."""
    with warm_python(tmp_path_factory.mktemp("warm")) as program:
        yield program


@pytest.fixture(scope="session", autouse=True)
def plain_config_text():
    """MMEngine lays out the text of every config that it meets: most of the time of a tiny run."""
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("yapf"):
            patch.setattr("yapf.yapflib.yapf_api.FormatCode", plain_text)
        if "mmengine" in sys.modules:
            patch.setattr("mmengine.config.config.FormatCode", plain_text)
        yield


def pytest_collection_finish() -> None:
    """Let no collection look at what was imported: with both hosts each takes half a second."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)
    if not any(item.get_closest_marker("gpu") for item in items):
        return
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))
