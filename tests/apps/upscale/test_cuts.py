import av
import pytest

from fca2_plugin.apps.upscale.look import CutDetector
from tests.apps.upscale.films import picture


def cuts_of(cuts, num_frames=30, size=(48, 64), threshold=15.0):
    detector = CutDetector(threshold)
    for number in range(num_frames):
        shot = sum(cut <= number for cut in cuts)
        rgb = picture(number, *size, shot)
        detector.watch(av.VideoFrame.from_ndarray(rgb, format="rgb24"), number)
    return detector.cuts


@pytest.mark.parametrize("cuts", [[], [11], [9, 20], [4, 12, 19, 25]])
@pytest.mark.parametrize("size", [(48, 64), (140, 300), (16, 200)])
def test_cuts_are_found_at_their_frame(cuts, size):
    assert cuts_of(cuts, size=size) == cuts


def test_motion_is_no_cut_and_a_high_threshold_finds_none():
    assert cuts_of([], 60) == []
    assert cuts_of([11], threshold=200.0) == []
