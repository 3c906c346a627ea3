"""Whatever ships, its results on ordinary footage lie where they belong."""

import numpy as np
import pytest
import torch

from fca2_plugin.data import demo_clips, downsample
from fca2_plugin.inference.load import load_runner
from fca2_plugin.inference.run import to_clip, to_frames
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.weights_list import list_shipped, list_weights
from fca2_plugin.metrics import rgb_to_y
from fca2_plugin.metrics.displacement import find_displacement

SHIPPED = list_shipped()
SUPER_RESOLUTION = [
    name for name in list_weights() if name not in SHIPPED or SHIPPED[name].scale > 1
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
    runner = load_runner(weights=name, settings=InferenceSettings("cpu"))
    sr = to_frames(runner(to_clip(lq, "cpu")))
    assert [np.shape(frame) for frame in sr] == [np.shape(frame) for frame in gt]
    found = [
        find_displacement(rgb_to_y(a), rgb_to_y(b)).pixels for a, b in zip(sr, gt, strict=True)
    ]
    assert found == [0.0] * len(gt)
