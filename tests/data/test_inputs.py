"""fca2_plugin.data.inputs: which sources are known, and each thing that can be wrong with one."""

import cv2
import numpy as np
import pytest
from PIL import Image

from fca2_plugin.codec import CodecSettings, write_video
from fca2_plugin.data import write_lmdb
from fca2_plugin.data.images import check_images
from fca2_plugin.data.inputs import find_inputs
from fca2_plugin.data.media import media_frames
from tests.codec.footage import moving_clip, raw_clip
from tests.conftest import require_host

require_host("av")


def put(path, height=4, width=6):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path)


def put_clip(folder, count=2, template="{:08d}.png"):
    for index in range(count):
        put(folder / template.format(index))


def put_video(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")  # finding opens nothing


def names(inputs):
    return [clip.name for clip in inputs.clips]


def vimeo(root):
    for name in ("00001/0001", "00001/0002", "00002/0001"):
        for index in range(1, 8):
            put(root / "sequences" / name / f"im{index}.png")
    (root / "sep_trainlist.txt").write_text("00001/0001\n00002/0001\n")
    (root / "sep_testlist.txt").write_text("00001/0002\n\n")
    return root


def test_vimeo(tmp_path):
    root = vimeo(tmp_path)
    inputs = find_inputs([root])
    assert (inputs.kind, names(inputs)) == ("Vimeo-90K", ["00001/0001", "00002/0001", "00001/0002"])
    assert [path.name for path in inputs.clips[0].frames] == [f"im{i}.png" for i in range(1, 8)]
    assert [inputs.frame_name(index) for index in (0, 6)] == ["im1", "im7"]
    assert names(find_inputs([root], split="test")) == ["00001/0002"]
    assert names(find_inputs([root], split="train", names=["00002/0001"])) == ["00002/0001"]
    (root / "sequences" / "00001" / "0002" / "im7.png").unlink()
    with pytest.raises(ValueError, match="0002 contains 6 frames instead of 7; unpack"):
        find_inputs([root])
    (root / "sep_testlist.txt").unlink()
    with pytest.raises(FileNotFoundError, match="sep_testlist.txt is missing; it is part"):
        find_inputs([root])


@pytest.mark.parametrize("inner", ["train_sharp", "train/train_sharp"])
def test_reds(tmp_path, inner):
    for number in (0, 1, 11, 15, 20, 21):
        put_clip(tmp_path / inner / f"{number:03d}")
    inputs = find_inputs([tmp_path])
    assert inputs.kind == "REDS" and len(inputs.clips) == 6
    assert names(find_inputs([tmp_path], split="test")) == ["000", "011", "015", "020"]
    assert names(find_inputs([tmp_path], split="train")) == ["001", "021"]


def test_vid4_in_its_usual_forms(tmp_path):
    for name in ("calendar", "city", "foliage", "walk"):
        put_clip(tmp_path / "a" / "GT" / name)
        put_clip(tmp_path / "a" / "BDx4" / name)
        put_clip(tmp_path / "b" / name, template="Frame {:03d}.png")
        put_video(tmp_path / "c" / f"{name}.ffv1.mkv")
    for root, kind in (("a", "Vid4"), ("b", "Vid4"), ("c", "Vid4 as videos")):
        inputs = find_inputs([tmp_path / root])
        assert (inputs.kind, names(inputs)) == (kind, ["calendar", "city", "foliage", "walk"])
        assert root != "a" or "GT" in inputs.clips[0].frames[0].parts


def test_folders_of_frames(tmp_path):
    put_clip(tmp_path / "b" / "x")
    put_clip(tmp_path / "a10", template="f{}.jpg")
    put_clip(tmp_path / "a9")
    inputs = find_inputs([tmp_path])
    assert (inputs.kind, names(inputs)) == ("folders of frames", ["a9", "a10", "b/x"])
    assert inputs.frame_name(3) == "00000003"
    one = find_inputs([tmp_path / "a9"])
    assert (one.kind, names(one)) == ("a folder of frames", ["a9"])


def test_videos(tmp_path):
    paths = [tmp_path / name for name in ("one.mp4", "two.h265.mkv", "three.264")]
    for path in paths:
        put_video(path)
    assert names(find_inputs(paths)) == ["one", "two", "three"]
    assert sorted(names(find_inputs([tmp_path]))) == ["one", "three", "two"]
    assert find_inputs(paths[:1]).kind == "videos"
    put_video(tmp_path / "two.h264.mkv")
    assert "two.h264" in names(find_inputs([tmp_path]))
    put_video(tmp_path / "two.h264.avi")
    with pytest.raises(ValueError, match="two videos have the name two.h264; rename one"):
        find_inputs([tmp_path])


def test_an_lmdb_and_a_raw_video(tmp_path):
    write_lmdb(tmp_path / "a.lmdb", [("clip", moving_clip(2, 32, 32))])
    inputs = find_inputs([tmp_path / "a.lmdb"])
    assert (inputs.kind, names(inputs)) == ("an LMDB", ["clip"])
    assert inputs.fingerprint()["num_clips"] == 1
    raw_clip(tmp_path / "raw", 2)
    for source in (tmp_path / "raw", next((tmp_path / "raw").iterdir())):
        with pytest.raises(ValueError, match="yuv is a raw video, of which only the luma is read"):
            find_inputs([source])


def test_a_fingerprint_knows_the_files_and_not_their_place(tmp_path):
    for root in ("a", "b"):
        put_clip(tmp_path / root / "clip")
    first, second = (find_inputs([tmp_path / root]).fingerprint() for root in "ab")
    assert first == second
    put(tmp_path / "b" / "clip" / "00000001.png", 40, 60)
    assert find_inputs([tmp_path / "b"]).fingerprint() != first


def test_sources_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder or video .*absent"):
        find_inputs([tmp_path / "absent"])
    with pytest.raises(ValueError, match="contains no frames .*no clip folders and no videos"):
        find_inputs([tmp_path])
    put_video(tmp_path / "a.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="contains videos and folders; give a folder of"):
        find_inputs([tmp_path])
    with pytest.raises(ValueError, match="empty is a folder; give one folder, or only videos"):
        find_inputs([tmp_path / "a.mp4", tmp_path / "empty"])
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(ValueError, match="the clip .*empty contains no images"):
        find_inputs([tmp_path])
    put_clip(tmp_path / "clip")
    (tmp_path / "empty").rmdir()
    with pytest.raises(ValueError, match="there is no clip 'clap' in .*did you mean 'clip'"):
        find_inputs([tmp_path], names=["clap"])
    with pytest.raises(ValueError, match="unknown split 'val'"):
        find_inputs([tmp_path], split="val")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 6, 3), np.uint16), "1.png is 16-bit; convert the clip to 8-bit RGB first"),
        (np.zeros((4, 6), np.uint16), "1.png is 16-bit; convert"),
        (np.zeros((4, 6), np.uint8), "1.png is grey; convert"),
        (np.zeros((4, 6, 4), np.uint8), "1.png is with alpha; convert"),
        (np.zeros((4, 8, 3), np.uint8), "1.png is 8x4, but 0.png of the same clip is 6x4"),
    ],
)
def test_images_that_are_not_8_bit_rgb_of_one_size(tmp_path, image, message):
    put(tmp_path / "0.png")
    cv2.imwrite(str(tmp_path / "1.png"), image)
    with pytest.raises(ValueError, match=message):
        check_images([tmp_path / "0.png", tmp_path / "1.png"])
    (clip,) = find_inputs([tmp_path]).clips
    with pytest.raises(ValueError, match=message):
        next(media_frames(clip))


def test_other_images(tmp_path):
    put(tmp_path / "0.jpg")
    assert check_images([tmp_path / "0.jpg"]) == (4, 6)
    Image.new("L", (6, 4)).save(tmp_path / "1.jpg")
    with pytest.raises(ValueError, match="1.jpg is grey; convert"):
        check_images([tmp_path / "1.jpg"])
    Image.new("P", (6, 4)).save(tmp_path / "2.png")
    with pytest.raises(ValueError, match="2.png is with a palette; convert"):
        check_images([tmp_path / "2.png"])
    for content in (b"", b"GIF89 or so", b"\x89PNG\r\n\x1a\n cut off"):
        (tmp_path / "3.png").write_bytes(content)
        with pytest.raises(ValueError, match="3.png is not an image that can be read"):
            check_images([tmp_path / "3.png"])
    with pytest.raises(FileNotFoundError):
        check_images([tmp_path / "absent.png"])


def test_the_frames_of_a_clip(tmp_path):
    path = tmp_path / "a.mp4"
    write_video(path, moving_clip(5, 32, 32), CodecSettings(crf=20))
    (clip,) = find_inputs([path]).clips
    assert [frame.shape for frame in media_frames(clip)] == [(32, 32, 3)] * 5
