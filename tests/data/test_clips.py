"""fca2_plugin.data.clips: folders in, folders out, and each thing that can be wrong with one."""

import numpy as np
import pytest
from PIL import Image

from fca2_plugin.data import Clip, check_images, clip_size, find_clips, read_frames, write_frames
from tests.codec.footage import moving_clip


def put_image(path, height=4, width=6, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), value, np.uint8)).save(path)


def test_write_find_read(tmp_path):
    frames = moving_clip(3, 7, 9)
    assert write_frames(tmp_path / "a", iter(frames)) == 3
    (clip,) = find_clips(tmp_path)
    assert clip.name == "a" and len(clip) == 3
    assert [p.name for p in clip.frames] == ["00000000.png", "00000001.png", "00000002.png"]
    assert all(map(np.array_equal, read_frames(clip), frames))
    assert clip_size(clip) == (7, 9)


def test_order_is_numeric_at_every_level(tmp_path):
    for clip in ("10", "9", "00001/0002", "00001/0001"):
        for frame in ("im10.png", "im9.jpg", "im8.png"):
            put_image(tmp_path / clip / frame)
    clips = find_clips(str(tmp_path))
    assert [clip.name for clip in clips] == ["00001/0001", "00001/0002", "9", "10"]
    assert [p.name for p in clips[0].frames] == ["im8.png", "im9.jpg", "im10.png"]


def test_hidden_things_and_other_files_are_passed_over(tmp_path):
    put_image(tmp_path / "a" / "0.png")
    put_image(tmp_path / ".a.1.tmp" / "0.png")
    put_image(tmp_path / "a" / ".DS_Store.png")
    (tmp_path / "list.txt").touch()
    (tmp_path / "a" / "notes.txt").touch()
    (clip,) = find_clips(tmp_path)
    assert len(clip) == 1


def test_folders_that_hold_no_clips(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*absent to find clips in"):
        find_clips(tmp_path / "absent")
    with pytest.raises(ValueError, match="contains no clips; expected"):
        find_clips(tmp_path)
    put_image(tmp_path / "0.png")
    with pytest.raises(ValueError, match="contains no clips; expected"):
        find_clips(tmp_path)


def test_a_clip_without_images(tmp_path):
    put_image(tmp_path / "a" / "0.png")
    (tmp_path / "b").mkdir()
    with pytest.raises(ValueError, match="the clip .*b contains no images"):
        find_clips(tmp_path)
    put_image(tmp_path / "b" / "c" / "d" / "0.png")
    with pytest.raises(ValueError, match="the clip .*c contains no images"):
        find_clips(tmp_path)


def test_images_beside_folders(tmp_path):
    put_image(tmp_path / "a" / "0.png")
    put_image(tmp_path / "a" / "b" / "0.png")
    with pytest.raises(ValueError, match="a contains both images and folders"):
        find_clips(tmp_path)


def test_frames_of_differing_size(tmp_path):
    put_image(tmp_path / "a" / "0.png")
    put_image(tmp_path / "a" / "1.png", height=5)
    (clip,) = find_clips(tmp_path)
    for ask in (clip_size, read_frames):
        with pytest.raises(ValueError, match=r"1.png is 6x5, but 0.png of the same clip is 6x4"):
            ask(clip)


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_an_unreadable_image(tmp_path, content):
    path = tmp_path / "a" / "0.png"
    path.parent.mkdir()
    path.write_bytes(content)
    (clip,) = find_clips(tmp_path)
    for ask in (clip_size, read_frames):
        with pytest.raises(ValueError, match="0.png is not an image that can be read"):
            ask(clip)


def test_no_images_have_no_size():
    with pytest.raises(ValueError, match="a clip contains no images"):
        check_images([])


def test_a_file_that_has_gone(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_frames(Clip("a", (tmp_path / "0.png",)))


@pytest.mark.parametrize(
    ("frames", "error", "message"),
    [
        ([], ValueError, "there are no frames to write to"),
        ([np.zeros((4, 4, 3))], TypeError, "must be a numpy uint8 array"),
        (
            [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)],
            ValueError,
            "frame 1 is 5x4, but frame 0 is 4x4",
        ),
    ],
)
def test_a_failed_write_leaves_nothing(tmp_path, frames, error, message):
    with pytest.raises(error, match=message):
        write_frames(tmp_path / "a", frames)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_kept(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match="a already exists"):
        write_frames(tmp_path / "a", moving_clip(1, 4, 4))
