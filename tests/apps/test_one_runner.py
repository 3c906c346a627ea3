"""``fca2 upscale`` and ``fca2 evaluate`` run a network alike: the same pixels of the same clip."""

import numpy as np
import pytest

from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.apps.upscale import UpscaleOptions, upscale
from fca2_plugin.codec import read_video
from fca2_plugin.data import find_media, media_frames
from fca2_plugin.inference.settings import InferenceSettings
from tests.apps.upscale.films import film


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("chunk", "context"), [(None, None), (6, 2)])
def test_the_same_pixels(tmp_path, dtype, chunk, context):
    coding = {"codec": "libx265", "pix_fmt": "gbrp"}
    lossless = {"x265-params": "lossless=1", "preset": "ultrafast"}
    lq = film(tmp_path / "walk.mkv", 9, (64, 64), options=lossless, **coding)
    sr = tmp_path / "sr" / "walk.mkv"
    sr.parent.mkdir()
    options = UpscaleOptions(
        **coding,
        encoder_options=lossless,
        cuts=False,
        tile=0,
        chunk=chunk or 9,
        context=context or 0,
        dtype=dtype,
    )
    upscale(lq, sr, weights="small_fast", options=options)
    made = list(read_video(sr))
    saved = tmp_path / "saved"
    evaluate(
        lq=lq,
        gt=sr,
        weights="small_fast",
        chunk=chunk,
        context=context,
        settings=InferenceSettings("cpu", dtype),
        save=saved,
    )
    (clip,) = find_media(saved)
    assert np.array_equal(np.stack(made), np.stack(list(media_frames(clip))))
