"""``fca2 probe`` and ``fca2 mfqe``, from the command line."""

import json

import pytest

from fca2_plugin import cli
from fca2_plugin.codec import CodecSettings, LowDelay, encode_lowdelay, write_video
from tests.codec.footage import moving_clip, raw_clip


def test_json_tells_every_frame(tmp_path):
    encode_lowdelay(raw_clip(tmp_path, 6), tmp_path / "a.265", LowDelay(37, preset="ultrafast"))
    assert cli.main(["probe", str(tmp_path / "a.265"), "--json", str(tmp_path / "a.json")]) == 0
    report = json.loads((tmp_path / "a.json").read_text())
    assert [frame["qp"] for frame in report["frames"]] == [37, 42, 41, 42, 38, 42]
    assert [frame["is_peak"] for frame in report["frames"]] == [True, False] * 3
    assert (report["codec"], report["size"], report["types"]) == (
        "hevc",
        [32, 48],
        {"I": 1, "P": 5},
    )
    assert report["num_bytes"] == (tmp_path / "a.265").stat().st_size
    assert report["kbps"] == pytest.approx(report["num_bytes"] * 8 * 25 / 6 / 1000)


def test_the_table(tmp_path, capsys):
    settings = CodecSettings(qp=30, pix_fmt="yuv420p")
    write_video(tmp_path / "a.mp4", moving_clip(4, 32, 48), settings)
    assert cli.main(["probe", str(tmp_path / "a.mp4")]) == 0
    out = capsys.readouterr().out
    assert len([line for line in out.splitlines() if line.strip()[:1].isdigit()]) == 4
    assert "key peak" in out and "h264 48x32 yuv420p; 4 frames (1 I," in out


def test_a_codec_without_qps(tmp_path, capsys):
    write_video(tmp_path / "a.mp4", moving_clip(2, 32, 48), CodecSettings())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fca2_plugin.codec.frame_info._mean_block_qp", lambda picture: None)
        path = tmp_path / "a.json"
        assert cli.main(["probe", str(tmp_path / "a.mp4"), "--json", str(path)]) == 0
        report = json.loads(path.read_text())
        assert report["mean_qp"] is report["num_peaks"] is report["frames"][0]["is_peak"] is None
    assert "mean QP" not in capsys.readouterr().out


def test_mfqe_builds_a_tree(tmp_path, capsys):
    raw_clip(tmp_path / "src", 3)
    arguments = [str(tmp_path / "src"), str(tmp_path / "set"), "--split", "test_18"]
    assert cli.main(["mfqe", *arguments, "--qp", "37", "--speed", "ultrafast"]) == 0
    assert "complete (coded by x265, not by HM)" in capsys.readouterr().out
    assert (tmp_path / "set/test_18/x265_LDP/QP37/Clip_48x32_3.yuv").is_file()


@pytest.mark.parametrize("verb", [["probe", "no.mp4"], ["mfqe", "no", "set"]])
def test_a_wrong_path_is_one_line(verb, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(verb) == 2
    assert capsys.readouterr().err.startswith("error: there is no ")
    assert list(tmp_path.iterdir()) == []
