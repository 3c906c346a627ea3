from fractions import Fraction

import pytest

from fca2_plugin.codec import CodecSettings
from fca2_plugin.codec.settings import padded_size


def test_defaults_are_the_published_ones():
    settings = CodecSettings()
    assert (settings.codec, settings.preset, settings.pix_fmt) == ("libx264", "medium", "yuv444p")
    assert (settings.fps, settings.threads) == (10, 1)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"codec": "libx2644"}, "unknown codec 'libx2644'.*did you mean 'libx264'"),
        ({"codec": "libaom-av1"}, "use libsvtav1 for AV1"),
        (
            {"codec": "libsvtav1", "pix_fmt": "yuv444p"},
            "libsvtav1 does not take pix_fmt yuv444p; set yuv420p instead",
        ),
        ({"pix_fmt": "yuv420"}, "unknown pix_fmt 'yuv420'.*did you mean 'yuv420p'"),
        ({"preset": "mediun"}, "unknown preset of libx264 'mediun'.*did you mean 'medium'"),
        ({"codec": "libvpx-vp9", "preset": "slow"}, "unknown preset of libvpx-vp9 'slow'"),
        ({"codec": "libvpx-vp9", "crf": 20}, "libvpx-vp9 does not take crf; set bits_per_pixel"),
        ({"bits_per_pixel": 1.0}, "libx264 does not take bits_per_pixel; set crf or qp instead"),
        ({"codec": "libsvtav1", "bits_per_pixel": 0}, "must be above 0 and at most 100, got 0"),
        ({"crf": 20, "qp": 20}, "crf=20 and qp=20 exclude each other"),
        ({"crf": 52}, "crf must be a whole number from 0 to 51, got 52"),
        ({"qp": -1}, "qp must be a whole number from 0 to 51, got -1"),
        ({"crf": 20.5}, "crf must be a whole number"),
        ({"fps": 0}, "fps must be a positive int or Fraction, got 0"),
        ({"fps": 29.97}, "fps must be a positive int or Fraction, got 29.97"),
        ({"threads": -1}, "threads must be 0"),
    ],
)
def test_bad_values_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        CodecSettings(**kwargs)


def test_a_fractional_rate_is_taken():
    assert CodecSettings(fps=Fraction(30000, 1001)).fps == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "expected"),
    [
        ("libx264", "yuv444p", (3, 5)),
        ("libx264", "yuv420p", (4, 6)),
        ("libx265", "yuv444p", (64, 64)),
    ],
)
def test_padded_size(codec, pix_fmt, expected):
    assert padded_size(3, 5, CodecSettings(codec=codec, pix_fmt=pix_fmt)) == expected


def test_a_video_site_is_the_default_of_vp9_and_av1():
    vp9, av1 = CodecSettings("libvpx-vp9"), CodecSettings("libsvtav1")
    assert round(vp9.bits_per_pixel * 320 * 240 * 30, -3) == 150_000
    assert av1.bits_per_pixel == 0.0455
    assert (vp9.preset, av1.preset) == ("2", "4")
    assert (vp9.pix_fmt, av1.pix_fmt) == ("yuv444p", "yuv420p")
    assert CodecSettings().bits_per_pixel is None
