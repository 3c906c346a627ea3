"""fca2_plugin.data.degrade against the definitions, BasicSR, and each other's phase."""

import numpy as np
import pytest

from fca2_plugin.data import DOWNSAMPLERS, bicubic_upsample, crop_to_multiple, downsample, phase
from fca2_plugin.geometry import PHASES, offset
from fca2_plugin.metrics import psnr
from tests.codec.footage import moving_clip
from tests.conftest import require_host


def smooth_frame(height=64, width=96):
    return moving_clip(1, height, width)[0]


def noisy_frame():
    noise = np.random.default_rng(0).integers(-40, 40, (48, 72, 3))
    return np.clip(smooth_frame(48, 72).astype(int) + noise, 0, 255).astype(np.uint8)


def test_comisr_is_gaussian_blur_and_every_fourth_pixel():
    frame = smooth_frame()
    offsets = np.arange(-5, 6)  # OpenCV's kernel for uint8 and sigma 1.5
    kernel = np.exp(-(offsets**2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    padded = np.pad(frame.astype(float), ((5, 5), (5, 5), (0, 0)), mode="reflect")
    expected = np.zeros((16, 24, 3))
    for i, j in np.ndindex(16, 24):
        block = padded[4 * i : 4 * i + 11, 4 * j : 4 * j + 11]
        expected[i, j] = np.einsum("a,b,abc->c", kernel, kernel, block)
    assert np.abs(downsample(frame, 4, "comisr").astype(float) - expected).max() <= 1


def test_downsample_leaves_its_input_and_takes_views():
    frame = smooth_frame()
    before = frame.copy()
    flipped = downsample(frame[:, ::-1])
    assert np.array_equal(flipped, downsample(np.ascontiguousarray(frame[:, ::-1])))
    assert np.array_equal(frame, before)
    assert np.array_equal(downsample(frame, 1, "none"), frame)


def test_every_downsampler_gives_the_promised_size():
    for kind in DOWNSAMPLERS:
        scale = 1 if kind == "none" else 4
        assert downsample(smooth_frame(), scale, kind).shape == (64 // scale, 96 // scale, 3)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((4, "comsir"), "unknown degradation 'comsir'.*did you mean 'comisr'"),
        ((5, "comisr"), "a frame of 96x64 cannot be divided by scale 5"),
        ((0, "comisr"), "scale must be a whole number of at least 1, got 0"),
        ((2.0, "comisr"), "scale must be a whole number of at least 1, got 2.0"),
        ((2, "none"), "degradation 'none' is defined for scale 1, got 2"),
        ((2, "bd"), "degradation 'bd' is defined for scale 4, got 2"),
        ((8, "duf"), "degradation 'duf' is defined for scale 2 or 3 or 4, got 8"),
    ],
)
def test_bad_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        downsample(smooth_frame(), *args)


def test_crop_to_multiple():
    frame = smooth_frame(67, 97)
    assert np.array_equal(crop_to_multiple(frame, 4), frame[:64, :96])
    with pytest.raises(ValueError, match="a frame of 3x9 is too small for scale 4"):
        crop_to_multiple(frame[:9, :3], 4)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_phase_first_keeps_the_given_pixels(scale):
    frame = smooth_frame(9, 13)
    large = bicubic_upsample(frame, scale, "first")
    assert large.shape == (9 * scale, 13 * scale, 3)
    assert np.array_equal(large[::scale, ::scale], frame)


@pytest.mark.parametrize("where", PHASES)
def test_bicubic_is_exact_on_a_ramp(where):
    ramp = np.tile((20 + np.arange(16) * 8).astype(np.uint8)[None, :, None], (8, 1, 3))
    large = bicubic_upsample(ramp, 4, where).astype(float)
    expected = 20 + 2 * (np.arange(64) - offset(where, 4))
    assert np.abs(large[16, :, 0] - expected)[8:-8].max() <= 0.5  # a cubic is exact on lines


@pytest.mark.parametrize("kind", [k for k, d in DOWNSAMPLERS.items() if d.phase == "centred"])
def test_a_mirror_commutes_with_centred_degradations(kind):
    frame = smooth_frame()
    scale = 1 if kind == "none" else 4
    mirrored = downsample(np.ascontiguousarray(frame[::-1, ::-1]), scale, kind)
    difference = mirrored[::-1, ::-1].astype(int) - downsample(frame, scale, kind)
    assert np.abs(difference).max() <= 1  # but for how halves are rounded


@pytest.mark.parametrize("kind", [kind for kind in DOWNSAMPLERS if kind != "none"])
def test_the_phase_is_where_the_pixels_lie(kind):
    """On a ramp, a symmetric filter gives the value of its centre: that names the phase."""
    ramp = np.broadcast_to(2 * np.arange(96)[None, :, None], (64, 96, 3)).astype(np.uint8)
    inner = downsample(ramp, 4, kind).astype(float)[4:-4, 5:-5]
    expected = 2 * (4 * np.arange(24)[5:-5] + offset(phase(kind), 4))
    assert np.abs(inner - expected[None, :, None]).max() <= 0.5


@pytest.mark.parametrize("kind", [kind for kind in DOWNSAMPLERS if kind != "none"])
def test_the_floor_is_best_at_its_own_phase(kind):
    frame = smooth_frame()
    lq = downsample(frame, 4, kind)
    quality = {where: psnr(frame, bicubic_upsample(lq, 4, where)) for where in PHASES}
    assert max(quality, key=quality.get) == phase(kind)


def test_the_even_kernel_of_bd_by_its_definition():
    frame = smooth_frame()
    offsets = np.arange(12) - 5.5
    kernel = np.exp(-(offsets**2) / (2 * 1.6**2))
    kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
    # imfilter writes the window from -5 to +6 to pixel 0, and rows 2:4:end are 1, 5, ...
    padded = np.pad(frame.astype(float), ((5, 6), (5, 6), (0, 0)), mode="edge")
    expected = np.zeros((16, 24, 3))
    for i, j in np.ndindex(16, 24):
        block = padded[4 * i + 1 : 4 * i + 13, 4 * j + 1 : 4 * j + 13]
        expected[i, j] = np.einsum("ab,abc->c", kernel, block)
    assert np.array_equal(downsample(frame, 4, "bd"), np.floor(expected + 0.5))


def test_an_unknown_phase():
    with pytest.raises(ValueError, match="unknown phase 'centered'.*did you mean 'centred'"):
        bicubic_upsample(smooth_frame(8, 8), 4, "centered")


@pytest.mark.basicsr
class TestAgainstBasicSR:
    @pytest.fixture(scope="class", autouse=True)
    def host(self):
        require_host("basicsr")
        from fca2_plugin.compat import prepare_basicsr

        prepare_basicsr()

    def almost_equal(self, ours, theirs):
        """Equal but for float32 sums that end within 1e-3 of a half."""
        theirs = np.asarray(theirs, np.float64)
        near_half = np.abs(theirs % 1 - 0.5) < 1e-3
        rounded = np.clip(np.floor(theirs + 0.5), 0, 255)
        assert ours.shape == theirs.shape
        assert np.array_equal(ours[~near_half], rounded[~near_half])
        assert np.abs(ours - rounded).max() <= 1
        assert near_half.mean() < 0.02

    @pytest.mark.parametrize("scale", [2, 3, 4])
    def test_duf(self, scale):
        import torch
        from basicsr.data.data_util import duf_downsample

        frame = noisy_frame()
        batch = torch.from_numpy(frame.transpose(2, 0, 1)[None].astype(np.float32))
        theirs = duf_downsample(batch, scale=scale)[0].numpy().transpose(1, 2, 0)
        self.almost_equal(downsample(frame, scale, "duf"), theirs)

    @pytest.mark.parametrize("scale", [2, 3, 4])
    def test_bi(self, scale):
        from basicsr.utils.matlab_functions import imresize

        frame = noisy_frame()
        self.almost_equal(
            downsample(frame, scale, "bi"), imresize(frame.astype(np.float32), 1 / scale)
        )

    @pytest.mark.parametrize("scale", [2, 4])
    def test_the_floor_of_centred_data(self, scale):
        from basicsr.utils.matlab_functions import imresize

        frame = noisy_frame()[:24, :36]
        self.almost_equal(
            bicubic_upsample(frame, scale, phase("bi")), imresize(frame.astype(np.float32), scale)
        )
