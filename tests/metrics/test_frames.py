"""fca2_plugin.metrics against the hosts' metrics, scikit-image and torchmetrics."""

import math

import numpy as np
import pytest

from fca2_plugin.metrics import psnr, rgb_to_y, ssim
from tests.codec.footage import moving_clip
from tests.conftest import require_host


def pair(height=41, width=57):
    clean = moving_clip(1, height, width)[0]
    noise = np.random.default_rng(1).normal(0, 9, clean.shape)
    return clean, np.clip(clean + noise, 0, 255).astype(np.uint8)


def test_y_of_known_colours():
    colours = np.array([[(0, 0, 0), (255, 255, 255), (255, 0, 0)]], np.uint8)
    assert np.allclose(rgb_to_y(colours), [[16, 235, 16 + 65.481]])


def test_psnr_of_a_known_error():
    a = np.full((12, 12, 3), 100, np.uint8)
    assert psnr(a, a + np.uint8(5), y=False) == pytest.approx(20 * math.log10(255 / 5))
    assert psnr(a, a + np.uint8(5)) == pytest.approx(20 * math.log10(255 / (5 * 219 / 255)))


def test_equal_frames():
    a, _ = pair()
    assert psnr(a, a) == math.inf
    assert ssim(a, a) == pytest.approx(1)


def test_the_border_is_left_out():
    a, b = pair()
    damaged = b.copy()
    damaged[:4] = damaged[-4:] = 0
    damaged[:, :4] = damaged[:, -4:] = 0
    for metric in (psnr, ssim):
        inner = metric(a, damaged, crop_border=4)
        assert inner == pytest.approx(metric(a[4:-4, 4:-4], b[4:-4, 4:-4]))
        assert inner > metric(a, damaged)


@pytest.mark.basicsr
@pytest.mark.parametrize("crop_border", [0, 4])
@pytest.mark.parametrize("y", [True, False])
def test_against_basicsr(y, crop_border):
    require_host("basicsr")
    from fca2_plugin.compat import prepare_basicsr

    prepare_basicsr()
    from basicsr.metrics import calculate_psnr, calculate_ssim

    a, b = pair()
    bgr = a[..., ::-1], b[..., ::-1]
    kwargs = {"crop_border": crop_border, "test_y_channel": y}
    # BasicSR computes luma in float32
    assert psnr(a, b, y=y, crop_border=crop_border) == pytest.approx(
        calculate_psnr(*bgr, **kwargs), abs=1e-4
    )
    assert ssim(a, b, y=y, crop_border=crop_border) == pytest.approx(
        calculate_ssim(*bgr, **kwargs), abs=1e-6
    )


@pytest.mark.mmagic
@pytest.mark.parametrize("y", [True, False])
def test_against_mmagic(y):
    require_host("mmagic")
    from fca2_plugin.compat import prepare_mmagic

    prepare_mmagic()
    from mmagic.evaluation.metrics import psnr as mmagic_psnr
    from mmagic.evaluation.metrics import ssim as mmagic_ssim

    a, b = pair()
    kwargs = {"convert_to": "Y" if y else None, "channel_order": "rgb"}
    assert psnr(a, b, y=y) == pytest.approx(mmagic_psnr(a, b, **kwargs), abs=1e-4)
    assert ssim(a, b, y=y) == pytest.approx(mmagic_ssim(a, b, **kwargs), abs=1e-6)


def test_against_scikit_image():
    require_host("skimage")
    from skimage import metrics

    a, b = pair()
    y_a, y_b = rgb_to_y(a), rgb_to_y(b)
    assert psnr(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(y_a, y_b, data_range=255))
    _, whole = metrics.structural_similarity(
        y_a, y_b, data_range=255, gaussian_weights=True, use_sample_covariance=False, full=True
    )
    assert ssim(a, b) == pytest.approx(whole[5:-5, 5:-5].mean(), abs=1e-9)


def test_against_torchmetrics():
    require_host("torchmetrics")
    import torch
    from torchmetrics.functional import image

    a, b = pair()
    y_a, y_b = (torch.from_numpy(rgb_to_y(frame))[None, None] for frame in (a, b))
    expected = image.peak_signal_noise_ratio(y_a, y_b, data_range=255.0)
    assert psnr(a, b) == pytest.approx(float(expected), abs=1e-5)  # it sums in float32
    _, whole = image.structural_similarity_index_measure(
        y_a, y_b, sigma=1.5, data_range=255.0, return_full_image=True
    )
    inner = whole[..., 5:-5, 5:-5]  # it also averages windows over the reflected border
    assert ssim(a, b) == pytest.approx(float(inner.mean()), abs=1e-9)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_bad_frames(metric):
    a, b = pair()
    with pytest.raises(TypeError, match="metrics compare uint8 frames, got float64"):
        metric(a, b.astype(float))
    with pytest.raises(TypeError, match="metrics compare uint8 frames, got list"):
        metric(a.tolist(), b)
    with pytest.raises(ValueError, match=r"shape \(h, w, 3\), got \(41, 57\)"):
        metric(a[..., 0], b[..., 0])
    with pytest.raises(ValueError, match=r"differ in shape, \(41, 57, 3\) and \(40, 57, 3\)"):
        metric(a, b[1:])
    for border in (-1, 21):
        with pytest.raises(ValueError, match=f"crop_border={border} removes the whole frame"):
            metric(a, b, crop_border=border)


def test_ssim_needs_a_window():
    a, b = pair(10, 40)
    with pytest.raises(ValueError, match="SSIM needs at least 11x11 pixels, got 40x10"):
        ssim(a, b)
