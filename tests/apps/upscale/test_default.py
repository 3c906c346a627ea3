"""Which of the networks that ship is taken where nobody chose one."""

import pytest
import torch

from fca2_plugin.apps.upscale import presets


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
    monkeypatch.setattr(presets, "list_shipped", lambda: dict.fromkeys(ships))
    device = torch.device(device)
    assert presets.choose_preset(None, None, None, None, device) == expected
    note = presets.default_note(expected, device)
    assert f"preset {expected} was taken" in note
    assert ("suits a CPU" in note) == (device.type == "cpu")
