"""The quickstart from clips to report, made small: few tiny clips, a handful of iterations."""

import json
from pathlib import Path

import av
import numpy as np
import pytest

from fca2_plugin.apps import quickstart
from fca2_plugin.apps.small_scale import make_clips
from fca2_plugin.codec import CodecSettings, write_video
from fca2_plugin.data import find_clips, read_frames
from tests.conftest import require_host

require_host("mmagic")
pytestmark = pytest.mark.mmagic


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(quickstart, "NUM_TRAIN", 2)
    monkeypatch.setattr(quickstart, "NUM_TEST", 1)
    monkeypatch.setattr(quickstart, "CLIP_FRAMES", 7)
    monkeypatch.setattr(quickstart, "DEMO_SIZE", (128, 128))


def test_writes_results_report_and_video_and_goes_on_where_it_stopped(small, tmp_path):
    results = quickstart.run_quickstart(tmp_path, budget=0.005)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert results["speed_ratio"] > 0
    assert results["shipped"] == ["small", "small_fast"]
    for row in ("bicubic", "baseline", "wrapped", "small", "small_fast"):
        for metric, low, high in (("psnr_y", 5, 60), ("ssim_y", 0, 1)):
            assert set(results[row][metric]) == {"15", "25", "35"}
            assert all(low < value < high for value in results[row][metric].values())
    assert results["wrapped"]["parameters"] > results["baseline"]["parameters"]
    assert results["wrapped"]["macs_per_frame"] < results["baseline"]["macs_per_frame"]
    assert results["small"]["parameters"] == 292_536  # the weights that ship, not new ones
    assert results["small"]["psnr_y"]["25"] > results["bicubic"]["psnr_y"]["25"]
    assert results["small_fast"]["macs_per_frame"] < results["small"]["macs_per_frame"]
    report = (tmp_path / "report.html").read_text()
    assert "data:image/png;base64" in report and ">small_fast</th>" in report
    with av.open(str(tmp_path / "upscaled.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert [frame.shape for frame in frames] == [(128, 128, 3)] * 7

    # the last stage is taken away: only that one is trained again
    kept = tmp_path / "baseline" / "iter_3.pth"
    before = kept.stat().st_mtime_ns
    (tmp_path / "wrapped" / "iter_3.pth").unlink()
    (tmp_path / "wrapped" / "last_checkpoint").unlink()
    again = quickstart.run_quickstart(tmp_path, budget=0.005)
    assert kept.stat().st_mtime_ns == before
    assert again["baseline"]["psnr_y"] == results["baseline"]["psnr_y"]
    assert again["wrapped"]["psnr_y"] == pytest.approx(results["wrapped"]["psnr_y"], abs=1e-3)

    # killed after the last checkpoint, before the stage was noted as finished
    (tmp_path / "wrapped" / "seconds.json").unlink()
    third = quickstart.run_quickstart(tmp_path, budget=0.005)
    assert third["wrapped"]["psnr_y"] == again["wrapped"]["psnr_y"]
    assert "since it was resumed" in third["setup"]["training"]

    with pytest.raises(ValueError, match="choose another folder"):
        quickstart.run_quickstart(tmp_path, budget=0.01)


def test_takes_the_middle_of_a_video(small, tmp_path, monkeypatch):
    monkeypatch.setattr(quickstart, "MAX_SIDE", 64)
    monkeypatch.setattr(quickstart, "MIN_SIDE", 80)
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (80, 120, 3), dtype=np.uint8) for _ in range(21)]
    video = tmp_path / "video.mp4"
    write_video(video, frames, CodecSettings(crf=30, pix_fmt="yuv420p", fps=25))
    source = quickstart._source(video)
    clips = make_clips(tmp_path / "clips", source, quickstart.Console(quiet=True))
    manifest = json.loads((clips / "manifest.json").read_text())
    assert manifest["num_clips"] == {"train": 1, "test": 1}
    monkeypatch.setattr(quickstart, "MIN_SIDE", 81)
    with pytest.raises(ValueError, match="120x80 pixels.* at least 81 a side"):
        quickstart._source(video)
    (clip,) = find_clips(clips / "train" / "gt")
    assert read_frames(clip)[0].shape == (64, 64, 3)


@pytest.mark.parametrize("budget", [0, -1, float("nan")])
def test_refuses_a_budget_that_trains_nothing(tmp_path, budget):
    with pytest.raises(ValueError, match="budget must be a share above 0"):
        quickstart.run_quickstart(tmp_path / "new", budget=budget)
    assert not (tmp_path / "new").exists()


def test_refuses_what_is_no_video(tmp_path):
    path = Path(tmp_path / "notes.mp4")
    path.write_text("not a video")
    with pytest.raises(ValueError, match="notes.mp4"):
        quickstart.run_quickstart(tmp_path / "new", video=path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.mp4"):
        quickstart.run_quickstart(tmp_path / "new", video=tmp_path / "nothing.mp4")
    assert not (tmp_path / "new").exists()
