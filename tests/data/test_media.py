"""Clips wherever they lie: frames, clip folders, LMDB, videos, raw videos."""

import cv2
import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, write_video, write_yuv
from fca2_plugin.data import find_media, media_frames, media_shape, write_frames, write_lmdb
from tests.codec.footage import moving_clip

CLIP = moving_clip(3, 32, 48)


def lossless(path):
    write_video(path, CLIP, CodecSettings(crf=1))
    return path


def test_a_folder_of_frames_is_one_clip(tmp_path):
    write_frames(tmp_path / "walk", CLIP)
    (clip,) = find_media(tmp_path / "walk")
    assert clip.name == "walk"
    assert media_shape(clip) == (3, 32, 48)
    assert np.array_equal(list(media_frames(clip)), CLIP)


def test_a_folder_of_clips_and_an_lmdb_hold_the_same(tmp_path):
    for name in ("b10", "b9"):
        write_frames(tmp_path / "clips" / name, CLIP)
    write_lmdb(tmp_path / "clips.lmdb", [("b9", CLIP), ("b10", CLIP)])
    for root in ("clips", "clips.lmdb"):
        clips = find_media(tmp_path / root)
        assert [clip.name for clip in clips] == ["b9", "b10"]
        for clip in clips:
            assert media_shape(clip) == (3, 32, 48)
            assert np.array_equal(list(media_frames(clip)), CLIP)


def test_videos(tmp_path):
    path = lossless(tmp_path / "walk.mkv")
    for root in (path, tmp_path):
        (clip,) = find_media(root)
        assert clip.name == "walk"
        assert media_shape(clip) == (3, 32, 48)
        difference = np.abs(np.array(list(media_frames(clip)), int) - CLIP)
        assert difference.mean() < 3
    lossless(tmp_path / "walk.mp4")
    with pytest.raises(ValueError, match="two videos have the name walk; rename one of them"):
        find_media(tmp_path)


def test_raw_videos_give_luma(tmp_path):
    planes = [frame[..., 0] for frame in CLIP]
    path = write_yuv(tmp_path, "walk", planes).path
    for root in (path, tmp_path):
        (clip,) = find_media(root)
        assert clip.name == "walk"
        assert media_shape(clip) == (3, 32, 48)
        assert np.array_equal(list(media_frames(clip)), planes)


def test_names_end_at_the_first_dot_unless_two_agree(tmp_path):
    first, second = tmp_path / "walk.v1.mkv", tmp_path / "walk.v2.mkv"
    lossless(first)
    assert [clip.name for clip in find_media(tmp_path)] == ["walk"]
    first.rename(second)
    lossless(first)
    assert [clip.name for clip in find_media(tmp_path)] == ["walk.v1", "walk.v2"]


def test_only_8_bit_rgb_is_taken(tmp_path):
    for name, image, what in (
        ("deep", np.zeros((8, 8, 3), np.uint16), "16-bit"),
        ("grey", np.zeros((8, 8), np.uint8), "grey"),
    ):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "0.png"), image)
        (clip,) = find_media(tmp_path / name)
        with pytest.raises(ValueError, match=f"0.png is {what}; convert the clip to 8-bit RGB"):
            media_shape(clip)


def test_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder or video .*absent"):
        find_media(tmp_path / "absent")
    with pytest.raises(ValueError, match=r"contains no frames .*\.png.*no videos .*\.yuv"):
        find_media(tmp_path)


def test_a_mixture(tmp_path):
    lossless(tmp_path / "walk.mkv")
    write_frames(tmp_path / "city", CLIP)
    with pytest.raises(ValueError, match="contains videos and folders; give a folder of frames"):
        find_media(tmp_path)
