"""Whatever ships, its results on ordinary footage lie where they belong."""

import numpy as np
import pytest
import torch

from fca2_plugin.apps.inference import to_clip, to_frames
from fca2_plugin.apps.preset_list import list_presets, list_shipped
from fca2_plugin.apps.upscale import UpscaleOptions
from fca2_plugin.apps.upscale.network import load_upscaler
from fca2_plugin.data import demo_clips, downsample
from fca2_plugin.metrics import rgb_to_y
from fca2_plugin.metrics.displacement import find_displacement

SHIPPED = list_shipped()
SUPER_RESOLUTION = [
    name for name in list_presets() if name not in SHIPPED or SHIPPED[name].scale > 1
]


@pytest.fixture(scope="module")
def footage():
    """Frames of a photograph that a camera moves over, and the same shrunk by an area filter."""
    _, _, frames = next(iter(demo_clips(0, 1, 7, (128, 160))))
    gt = list(frames)
    return gt, [downsample(frame, 4, "area") for frame in gt]


@pytest.mark.parametrize("name", SUPER_RESOLUTION)
@torch.inference_mode()
def test_an_area_shrunk_clip_fits_best_where_it_is(name, footage):
    gt, lq = footage
    upscaler = load_upscaler(None, None, name, None, UpscaleOptions(device="cpu"))
    sr = to_frames(upscaler(to_clip(lq, "cpu")))
    assert [np.shape(frame) for frame in sr] == [np.shape(frame) for frame in gt]
    found = [
        find_displacement(rgb_to_y(a), rgb_to_y(b)).pixels for a, b in zip(sr, gt, strict=True)
    ]
    assert found == [0.0] * len(gt)
