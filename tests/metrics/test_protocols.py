"""Every protocol against an independent implementation, over sizes, colours and equal frames."""

import math

import numpy as np
import pytest

from fca2_plugin.metrics import PROTOCOLS, get_protocol, rgb_to_y
from fca2_plugin.metrics.protocols import crop_to_32
from tests.codec.footage import moving_clip
from tests.conftest import require_host

SIZES = [(48, 48), (67, 81), (96, 130)]
CONTENTS = ["footage", "saturated", "faint"]


def pair(content: str, height: int, width: int):
    """uint8 RGB: the result and its ground truth."""
    rng = np.random.default_rng(3)
    if content == "footage":
        gt = moving_clip(1, height, width)[0].astype(float)
        noise = 9
    elif content == "saturated":
        gt = 255.0 * rng.integers(0, 2, (height, width, 3))
        noise = 40
    else:
        gt = rng.integers(100, 104, (height, width, 3)).astype(float)
        noise = 1
    sr = gt + rng.normal(0, noise, gt.shape)
    return tuple(np.clip(np.rint(x), 0, 255).astype(np.uint8) for x in (sr, gt))


def basicsr_scores(sr, gt, y):
    require_host("basicsr")
    from fca2_plugin.compat import prepare_basicsr

    prepare_basicsr()
    from basicsr.metrics import calculate_psnr, calculate_ssim

    kwargs = {"crop_border": 0, "test_y_channel": y}
    bgr = np.ascontiguousarray(sr[..., ::-1]), np.ascontiguousarray(gt[..., ::-1])
    return calculate_psnr(*bgr, **kwargs), calculate_ssim(*bgr, **kwargs)


def mmagic_scores(sr, gt, y):
    require_host("mmagic")
    from fca2_plugin.compat import prepare_mmagic

    prepare_mmagic()
    from mmagic.evaluation.metrics import psnr, ssim

    kwargs = {"convert_to": "Y" if y else None, "channel_order": "rgb"}
    return psnr(sr, gt, **kwargs), ssim(sr, gt, **kwargs)


def comisr_scores(sr, gt, y):
    """What COMISR's evaluation does, with scikit-image as there."""
    require_host("skimage")
    from skimage.metrics import structural_similarity

    def crop(image):
        sides = []
        for side in image.shape[:2]:
            size = side // 32 * 32
            while size > side - 16:
                size -= 32
            sides.append(slice((side - size) // 2, (side - size) // 2 + size))
        return image[tuple(sides)]

    sr, gt = (rgb_to_y(crop(x)) if y else crop(x).astype(float) for x in (sr, gt))
    rmse = np.sqrt(np.mean((gt - sr) ** 2))
    return 20 * np.log10(255 / rmse) if rmse else math.inf, structural_similarity(
        gt, sr, data_range=sr.max() - sr.min(), channel_axis=None if y else -1
    )


def mfqe_scores(sr, gt):
    require_host("skimage")
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    return (
        peak_signal_noise_ratio(gt, sr, data_range=1.0),
        structural_similarity(gt, sr, data_range=1.0),
    )


def agree(ours, reference):
    assert ours[0] == pytest.approx(reference[0], abs=1e-4)
    assert ours[1] == pytest.approx(reference[1], abs=1e-5)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "host",
    [
        pytest.param(basicsr_scores, marks=pytest.mark.basicsr),
        pytest.param(mmagic_scores, marks=pytest.mark.mmagic),
    ],
)
def test_cvsr_y_and_rgb_are_the_hosts(host, size, content):
    sr, gt = pair(content, *size)
    for name, y in (("cvsr-y", True), ("rgb", False)):
        agree(get_protocol(name).score(sr, gt), host(sr, gt, y))
        agree(get_protocol(name).score(gt, gt), host(gt, gt, y))  # infinite in the hosts, too


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("size", SIZES)
def test_comisr_is_scikit_image_in_the_crop(size, content):
    sr, gt = pair(content, *size)
    for name, y in (("comisr", True), ("comisr-rgb", False)):
        agree(get_protocol(name).score(sr, gt), comisr_scores(sr, gt, y))
        agree(get_protocol(name).score(gt, gt), comisr_scores(gt, gt, y))


@pytest.mark.parametrize("size", [(48, 48), (41, 57)])
def test_mfqe_is_scikit_image_on_what_is_neither_clipped_nor_rounded(size):
    rng = np.random.default_rng(5)
    coded = rng.integers(0, 256, size, np.uint8)
    gt = coded / 255.0
    sr = gt + rng.normal(0, 0.05, size)
    assert sr.min() < 0 and sr.max() > 1
    protocol = get_protocol("mfqe")
    agree(protocol.score(sr, gt), mfqe_scores(sr, gt))
    agree(protocol.score(sr, coded), mfqe_scores(sr, gt))  # uint8 planes are divided by 255
    rounded = np.clip(np.rint(255 * sr), 0, 255).astype(np.uint8)
    assert protocol.score(rounded, coded)[0] > protocol.score(sr, coded)[0] + 0.1


def test_every_protocol_says_everything():
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name and protocol.used_by
    assert {name for name, p in PROTOCOLS.items() if p.skip_frames} == {"comisr", "comisr-rgb"}
    with pytest.raises(ValueError, match="unknown protocol 'cvsry' .did you mean 'cvsr-y'"):
        get_protocol("cvsry")


def test_the_crop_keeps_a_border():
    image = np.arange(720 * 576).reshape(576, 720)
    cropped = crop_to_32(image)
    assert cropped.shape == (544, 704)
    assert cropped[0, 0] == image[16, 8]
    with pytest.raises(ValueError, match="at least 48x48 pixels, got 60x47"):
        crop_to_32(np.zeros((47, 60)))


def test_a_flat_result_has_no_range():
    flat = np.full((64, 64, 3), 9, np.uint8)
    with pytest.raises(ValueError, match="is 0 in a frame of one colour; use a protocol with a"):
        get_protocol("comisr").score(flat, pair("footage", 64, 64)[1])


def test_wrong_planes():
    mfqe = get_protocol("mfqe")
    plane = np.zeros((16, 16))
    with pytest.raises(ValueError, match=r"planes of shape \(h, w\), got \(16, 16, 3\)"):
        mfqe.score(np.zeros((16, 16, 3)), plane)
    with pytest.raises(TypeError, match="uint8 planes or floats in .0, 1., got int64"):
        mfqe.score(plane.astype(int), plane)
    with pytest.raises(ValueError, match="the planes differ in shape"):
        mfqe.score(plane, plane[1:])
    with pytest.raises(TypeError, match="metrics compare uint8 frames, got float64"):
        get_protocol("rgb").score(np.zeros((16, 16, 3)), np.zeros((16, 16, 3)))
