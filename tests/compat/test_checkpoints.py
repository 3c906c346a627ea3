"""MMEngine's checkpoints load with torch's safe loader, and nothing else does."""

import os
import pickle

import numpy as np
import pytest
import torch

from tests.conftest import require_host

require_host("mmengine")

from mmengine.logging import HistoryBuffer, MessageHub  # noqa: E402

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


def test_nothing_is_allowed_where_torch_loads_everything(monkeypatch):
    def old_load(file, weights_only=False):
        raise NotImplementedError

    monkeypatch.setattr(torch, "load", old_load)
    assert mmengine_checkpoints.apply() is None
    assert torch.serialization.get_safe_globals() == []
