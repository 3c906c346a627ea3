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


@pytest.fixture(autouse=True)
def safe_globals():
    """Each test starts without what others allowed."""
    before = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    yield
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(before)


def test_message_history_survives(tmp_path):
    hub = MessageHub("test_message_history_survives")
    for value in (3.0, 1.0, np.float32(2.0)):
        hub.update_scalar("train/loss", value)
    path = tmp_path / "checkpoint.pth"
    scalars = (np.float64(0.5), np.float32(0.5), np.int64(3))
    torch.save({"message_hub": hub.state_dict(), "scalars": scalars}, path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path)
    assert mmengine_checkpoints.apply()
    loaded = torch.load(path)
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
def test_everything_else_is_still_refused(attack, tmp_path):
    mmengine_checkpoints.apply()
    path = tmp_path / "attack.pth"
    torch.save(attack, path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path)


@pytest.mark.parametrize("version", ["2.1.2", "2.5.1+cpu"])
def test_nothing_is_allowed_in_torch_where_that_would_break_its_loader(version, monkeypatch):
    monkeypatch.setattr(torch, "__version__", version)
    assert mmengine_checkpoints.apply()
    assert torch.serialization.get_safe_globals() == []


def test_mmengine_itself_reads_with_our_unpickler(tmp_path, monkeypatch):
    hub = MessageHub("test_mmengine_itself_reads")
    hub.update_scalar("train/loss", 3.0)
    path = tmp_path / "iter_1.pth"
    program = f"import os; os.mkdir({str(tmp_path / 'ran')!r})"
    content = {"message_hub": hub.state_dict(), "meta": {"iter": 1, "config": program}}
    torch.save({"state_dict": {"a": torch.ones(1)}, **content}, path)
    monkeypatch.setattr(torch, "__version__", "2.1.2")  # where torch.load would run anything
    mmengine_checkpoints.apply()
    for name in (str(path), path.as_uri().replace("file://", "")):
        loaded = CheckpointLoader.load_checkpoint(name, "cpu")
        assert isinstance(loaded["message_hub"]["log_scalars"]["train/loss"], HistoryBuffer)
        assert loaded["meta"] == {"iter": 1}  # MMEngine runs meta["config"] when it resumes
    torch.save(_Attack(os.mkdir, str(tmp_path / "ran")), path)
    with pytest.raises(ValueError, match="iter_1.pth is not a readable checkpoint"):
        CheckpointLoader.load_checkpoint(str(path), "cpu")
    assert not (tmp_path / "ran").exists()
