"""Standard input and folders of images."""

import io
import os
import types

import numpy as np
import pytest
from PIL import Image

from fca2_plugin.apps.upscale.files import pair_files
from fca2_plugin.cli import main
from fca2_plugin.codec import read_video
from tests.apps.upscale.films import film, picture, times

FAST = ["--weights", "bicubic", "--speed", "ultrafast", "--no-cuts", "--quiet"]


def fca2(*arguments):
    return main(["upscale", *map(str, arguments), *FAST])


def test_standard_input(tmp_path, monkeypatch, capsys):
    source = film(tmp_path / "in.mkv", 4)
    given = types.SimpleNamespace(buffer=io.BytesIO(source.read_bytes()))
    monkeypatch.setattr("sys.stdin", given)
    assert fca2("-", tmp_path / "out.mp4") == 0
    assert len(times(tmp_path / "out.mp4")) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv", "out.mp4"]
    assert fca2("-", tmp_path / "again.mp4") == 2  # it is at its end
    assert "standard input was empty" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_folder_of_images(tmp_path, ending, capsys):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(11):
        image = Image.fromarray(picture(number, 48, 64))
        image.save(folder / f"{number}.{ending}", quality=95)  # 10 comes behind 9
    out = tmp_path / "out.mp4"
    assert fca2(folder, out, "--fps", "50") == 0
    assert [float(time) for time in times(out)] == pytest.approx([n / 50 for n in range(11)])
    for number, frame in enumerate(read_video(out)):
        small = np.asarray(Image.fromarray(frame).resize((64, 48), Image.Resampling.BOX))
        assert np.abs(small.astype(int) - picture(number, 48, 64)).mean() < 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "out.mp4"]
    assert fca2(folder, tmp_path) == 2
    assert "is not a name for a video; name the result of" in capsys.readouterr().err


def test_what_is_no_file_is_said(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        ValueError, match="pipe is not a regular file; pass it as standard input: - < "
    ):
        pair_files([tmp_path / "pipe"], tmp_path / "out.mp4")
    with pytest.raises(ValueError, match="is a web address; download the video first"):
        pair_files(["https://example.org/a.mp4"], tmp_path / "out.mp4")
    source = film(tmp_path / "in.mkv", 2)
    assert fca2(source, tmp_path / "out.mp4", "--fps", "30") == 2
    assert "fps is for a folder of images" in capsys.readouterr().err


def test_numbered_images(tmp_path, capsys):
    source = film(tmp_path / "in.mkv", 3, pix_fmt="yuv444p", options={"crf": "0"})
    out = tmp_path / "frames" / "%03d.png"
    assert fca2(source, out) == 0
    assert sorted(path.name for path in out.parent.iterdir()) == ["001.png", "002.png", "003.png"]
    for number in range(3):
        image = Image.open(out.parent / f"{number + 1:03}.png")
        assert image.size == (256, 192)
        small = np.asarray(image.resize((64, 48), Image.Resampling.BOX)).astype(int)
        assert np.abs(small - picture(number, 48, 64)).mean() < 4
    assert fca2(source, out) == 2
    assert "001.png already exists; replace it with --overwrite" in capsys.readouterr().err
    assert fca2(source, tmp_path / "one.png") == 2
    assert "is the name of a single image; use numbered names" in capsys.readouterr().err
