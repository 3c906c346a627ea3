"""MMEngine's checkpoints load with torch's safe loader, and nothing else does."""

import os
import pickle

import numpy as np
import pytest
import torch

from tests.conftest import require_host

require_host("mmengine")

from mmengine.logging import HistoryBuffer, MessageHub  # noqa: E402
from mmengine.runner.checkpoint import CheckpointLoader  # noqa: E402

from fca2_plugin.compat import mmengine_checkpoints  # noqa: E402

pytestmark = pytest.mark.mmagic

# where torch.load itself is safe, and takes what this package tells it
SAFE = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)


def load_by_mmengine(path):
    return CheckpointLoader.load_checkpoint(str(path), "cpu")


LOADERS = [load_by_mmengine, *([torch.load] if SAFE else [])]
each_loader = pytest.mark.parametrize("load", LOADERS)


@pytest.fixture(autouse=True)
def safe_globals():
    """Each test starts without what others allowed."""
    if not SAFE:
        yield
        return
    before = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    yield
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(before)


@each_loader
def test_message_history_survives(load, tmp_path):
    hub = MessageHub("test_message_history_survives")
    for value in (3.0, 1.0, np.float32(2.0)):
        hub.update_scalar("train/loss", value)
    path = tmp_path / "checkpoint.pth"
    scalars = (np.float64(0.5), np.float32(0.5), np.int64(3))
    torch.save({"message_hub": hub.state_dict(), "scalars": scalars}, path)
    if SAFE:
        with pytest.raises(pickle.UnpicklingError):
            torch.load(path)
    assert mmengine_checkpoints.apply()
    loaded = load(path)
    buffer = loaded["message_hub"]["log_scalars"]["train/loss"]
    assert isinstance(buffer, HistoryBuffer)
    assert (buffer.min(), buffer.mean(), buffer.statistics("max")) == (1.0, 2.0, 3.0)
    assert loaded["scalars"] == scalars


class _Attack:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "attack",
    [
        _Attack(os.system, "true"),
        _Attack(getattr, os.path.join, "__globals__"),
        _Attack(getattr, HistoryBuffer, "__init__"),
        _Attack(eval, "1"),
    ],
)
@each_loader
def test_everything_else_is_still_refused(load, attack, tmp_path):
    mmengine_checkpoints.apply()
    path = tmp_path / "attack.pth"
    torch.save(attack, path)
    with pytest.raises((pickle.UnpicklingError, ValueError), match="attack|refused|[Uu]nsupported"):
        load(path)


@pytest.mark.parametrize("version", ["2.1.2", "2.5.1+cpu"])
def test_nothing_is_allowed_in_torch_where_that_would_break_its_loader(version, monkeypatch):
    monkeypatch.setattr(torch, "__version__", version)
    assert mmengine_checkpoints.apply()
    assert not SAFE or torch.serialization.get_safe_globals() == []


def test_mmengine_itself_reads_with_our_unpickler(tmp_path, monkeypatch):
    hub = MessageHub("test_mmengine_itself_reads")
    hub.update_scalar("train/loss", 3.0)
    path = tmp_path / "iter_1.pth"
    program = f"import os; os.mkdir({str(tmp_path / 'ran')!r})"
    content = {"message_hub": hub.state_dict(), "meta": {"iter": 1, "config": program}}
    torch.save({"state_dict": {"a": torch.ones(1)}, **content}, path)
    monkeypatch.setattr(torch, "__version__", "2.1.2")  # where torch.load would run anything
    mmengine_checkpoints.apply()
    loaded = load_by_mmengine(path)
    assert isinstance(loaded["message_hub"]["log_scalars"]["train/loss"], HistoryBuffer)
    assert loaded["meta"] == {"iter": 1}  # MMEngine runs meta["config"] when it resumes
    torch.save(_Attack(os.mkdir, str(tmp_path / "ran")), path)
    with pytest.raises(ValueError, match="iter_1.pth is not a readable checkpoint"):
        load_by_mmengine(path)
    assert not (tmp_path / "ran").exists()
