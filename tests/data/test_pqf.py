"""fca2_plugin.data.pqf against looking at each frame's neighbours."""

import numpy as np
import pytest

from fca2_plugin.codec import FrameInfo, LowDelay
from fca2_plugin.data import nearest_peaks, peaks_from_psnr, peaks_from_qps, qps_of


def test_the_gop_of_hm_has_a_peak_at_every_second_frame():
    qps = [LowDelay(37).frame_qp(i) for i in range(12)]
    assert np.flatnonzero(peaks_from_qps(qps)).tolist() == [0, 2, 4, 6, 8, 10]


def test_peaks_by_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(50):
        psnrs = rng.permutation(30)[: rng.integers(1, 30)]
        padded = [-1, *psnrs, -1]
        expected = [padded[i - 1] < padded[i] > padded[i + 1] for i in range(1, len(psnrs) + 1)]
        assert peaks_from_psnr(psnrs).tolist() == expected
        assert peaks_from_qps(51 - psnrs).tolist() == expected


def test_of_equal_neighbours_the_first_is_the_peak():
    assert peaks_from_psnr([1, 3, 3, 2, 2, 5]).tolist() == [0, 1, 0, 0, 0, 1]
    assert peaks_from_qps([30, 30, 30]).tolist() == [1, 0, 0]


def test_nearest_peaks_by_brute_force():
    rng = np.random.default_rng(1)
    for _ in range(50):
        peaks = rng.random(rng.integers(1, 20)) < 0.3
        before, behind = nearest_peaks(peaks)
        for i in range(len(peaks)):
            assert before[i] == max((j for j in range(i) if peaks[j]), default=i)
            assert behind[i] == min((j for j in range(i + 1, len(peaks)) if peaks[j]), default=i)


@pytest.mark.parametrize("values", [[], [[1, 2]], [1, float("nan")]])
def test_no_numbers_of_one_video(values):
    with pytest.raises(ValueError, match="peaks need the PSNRs of one video"):
        peaks_from_psnr(values)


def test_qps_of_a_stream():
    infos = [FrameInfo("I", True, 30.0, 9), FrameInfo("P", False, 31.0, 9)]
    assert qps_of(infos, "a.265") == [30, 31]
    with pytest.raises(ValueError, match="a.mkv does not give the QP of frame 1; use the PSNR"):
        qps_of([infos[0], FrameInfo("P", False, None, 9)], "a.mkv")
