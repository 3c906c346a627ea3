"""Which of the networks that ship is taken where nobody chose one."""

import pytest
import torch

from fca2_plugin.inference import load


@pytest.mark.parametrize(
    ("ships", "device", "expected"),
    [
        (("large", "small"), "cpu", "small"),
        (("large", "small"), "cuda", "large"),
        (("small", "other"), "cuda", "small"),
        (("other", "small"), "mps", "other"),
    ],
)
def test_the_default_suits_the_device(ships, device, expected, monkeypatch):
    monkeypatch.setattr(load, "list_shipped", lambda: dict.fromkeys(ships))
    device = torch.device(device)
    assert load.choose_weights(None, None, None, None, device) == expected
    note = load._default_note(expected, device)
    assert f"the weights {expected} are used" in note
    assert ("suit a CPU" in note) == (device.type == "cpu")
