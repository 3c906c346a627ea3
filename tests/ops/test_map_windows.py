"""Windows of peak frames, and functions of windows run over a clip."""

import pytest
import torch

from fca2_plugin.ops.windows import map_windows, peak_indices, window_indices


def brute_force(num_frames: int, peaks: list[int]) -> list[list[int]]:
    windows = []
    for frame in range(num_frames):
        before = after = frame
        for other in range(frame):
            before = other if other in peaks else before
        for other in range(num_frames - 1, frame, -1):
            after = other if other in peaks else after
        windows.append([before, frame, after])
    return windows


@pytest.mark.parametrize("peaks", [[], [0], [4], [0, 2, 4, 6], [1, 5], [6, 1], range(7)])
def test_peaks(peaks):
    assert peak_indices(7, peaks) == brute_force(7, list(peaks))


def test_a_peak_has_other_peaks_for_neighbours():
    assert peak_indices(5, [0, 2, 4])[2] == [0, 2, 4]
    assert peak_indices(5, [0, 2, 4])[0] == [0, 0, 2]


@pytest.mark.parametrize("peaks", [[7], [-1, 3]])
def test_peaks_outside_raise(peaks):
    with pytest.raises(ValueError, match=r"peaks \[(7|-1)\] are not in the clip of 7 frames"):
        peak_indices(7, peaks)


@pytest.mark.parametrize("at_once", [None, 1, 2, 3, 5, 99])
def test_map_windows_is_a_loop(at_once):
    clip = torch.rand(2, 5, 1, 3, 4)
    seen = []

    def double_mean(windows: torch.Tensor) -> torch.Tensor:
        seen.append(len(windows))
        return 2 * windows.mean(dim=1)

    windows = window_indices(5, 3, "replicate")
    with torch.no_grad():
        out = map_windows(double_mean, clip, windows, at_once)
    expected = torch.stack([2 * clip[:, index].mean(dim=1) for index in windows], dim=1)
    torch.testing.assert_close(out, expected)
    assert max(seen) == 2 * min(at_once or 5, 5)  # that many of each clip
    assert sum(seen) == 10


def test_with_gradients_all_run_at_once():
    calls = []
    clip = torch.rand(1, 4, 1, 2, 2, requires_grad=True)
    windows = window_indices(4, 3, "replicate")
    map_windows(lambda x: calls.append(len(x)) or x.sum(dim=1), clip, windows, 1).sum().backward()
    assert calls == [4]
    assert clip.grad.flatten(2).mean(dim=2).tolist() == [[3.0, 3.0, 3.0, 3.0]]


def test_a_function_may_enlarge():
    out = map_windows(lambda x: torch.zeros(len(x), 3, 8, 8), torch.rand(2, 3, 3, 2, 2), [[0], [2]])
    assert out.shape == (2, 2, 3, 8, 8)
