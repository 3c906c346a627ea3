"""fca2_plugin.data.numbering and images: which frame is which, and what can be read as it is."""

import cv2
import numpy as np
import pytest
from PIL import Image

from fca2_plugin.data import find_clips, open_clip_set, open_clips, write_frames, write_lmdb
from fca2_plugin.data.numbering import check_numbering, check_same_frames
from tests.codec.footage import moving_clip


@pytest.mark.parametrize(
    ("stems", "message"),
    [
        (["1", "2", "4"], "frame 3 is missing before .*4.png; add it or renumber the clip"),
        (["im01", "im1"], "im1.png has the same number as another frame; remove one of the two"),
        (["f 08", "f 10"], "frame 9 is missing before .*f 10.png"),
        (["1", "2", "3", "mask"], "mask.png is not numbered as the other frames of its clip"),
        (["im1", "im2", "im3", "gt4"], "gt4.png is not numbered as .* are .im<number>.;"),
        (["a", "a"], "a.png has the same name as another frame"),
    ],
)
def test_numbers_that_are_missing_or_double(tmp_path, stems, message):
    with pytest.raises(ValueError, match=message):
        check_numbering([tmp_path / f"{stem}.png" for stem in stems])


@pytest.mark.parametrize("stems", [["1", "2", "3"], ["a1", "b7"], ["x", "y2"], ["im9", "im10"], []])
def test_numbers_without_a_gap_and_names_without_numbers(tmp_path, stems):
    check_numbering([tmp_path / f"{stem}.png" for stem in stems])


def test_twins_of_two_kinds(tmp_path):
    write_frames(tmp_path / "a", moving_clip(2, 4, 4))
    Image.new("RGB", (4, 4)).save(tmp_path / "a" / "00000001.jpg")
    for find in (find_clips, open_clips):
        with pytest.raises(ValueError, match="00000001.png has the same number as another frame"):
            find(tmp_path)


@pytest.mark.parametrize(
    ("names", "others", "message"),
    [
        (["0", "1", "2"], ["0", "1"], "c has 3 frames in GT and 2 in LQ, and frame 2 of GT is not"),
        (["0", "1"], ["1", "2"], "frame 0 of GT is not in LQ"),
        (["0", "1"], ["0", "1", "2"], "frame 2 of LQ is not in GT"),
        (["im1", "im2"], ["00", "01", "02"], "c has 2 frames in GT, but 3 in LQ"),
        (["a", "b"], ["a", "c"], "frame b of GT is not in LQ"),
        (["0", "1"], ["a", "b"], "frame 0 of GT is not in LQ"),
    ],
)
def test_frames_without_a_partner(names, others, message):
    with pytest.raises(ValueError, match=message):
        check_same_frames("c", names, others, "GT", "LQ")


def test_other_ways_to_count_are_said():
    with pytest.warns(UserWarning, match="c are im1, ... in GT and 00, ... in LQ; they are paired"):
        check_same_frames("c", ["im1", "im2"], ["00", "01"], "GT", "LQ")
    check_same_frames("c", ["a", "b"], ["a", "b"], "GT", "LQ")


@pytest.fixture
def pair(tmp_path):
    write_frames(tmp_path / "gt" / "a", moving_clip(5, 16, 16))
    write_frames(tmp_path / "lq" / "a", moving_clip(5, 4, 4))
    return tmp_path


def on_disk(root):
    return open_clip_set(dataroot_gt=root / "gt", dataroot_lq=root / "lq", raw_prob=1)


def test_pairs_are_found_by_number(pair):
    """As many on both sides, and none with its own partner: not by their place in a list."""
    (pair / "gt" / "a" / "00000000.png").unlink()
    (pair / "lq" / "a" / "00000004.png").unlink()
    with pytest.raises(ValueError, match="frame 00000004 of .*gt is not in"):
        on_disk(pair)
    (pair / "gt" / "a" / "00000004.png").unlink()
    (pair / "lq" / "a" / "00000000.png").unlink()
    assert on_disk(pair).num_frames("a") == 3


def test_images_that_would_be_changed_are_refused_when_a_set_is_opened_or_read(pair):
    target = pair / "lq" / "a" / "00000002.png"
    cv2.imwrite(str(target), np.zeros((4, 4, 3), np.uint16))
    with pytest.raises(ValueError, match="00000002.png is 16-bit; convert"):
        on_disk(pair)
    with pytest.raises(ValueError, match="00000002.png is 16-bit; convert"):
        open_clips(pair / "lq").read("a")


def test_a_turned_photo_is_refused(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a").mkdir()
    Image.new("RGB", (8, 4)).save(tmp_path / "a" / "0.jpg", exif=exif)
    with pytest.raises(ValueError, match="0.jpg is turned by its EXIF orientation"):
        open_clips(tmp_path).size("a")
    exif[0x0112] = 1
    Image.new("RGB", (8, 4)).save(tmp_path / "a" / "0.jpg", exif=exif)
    assert open_clips(tmp_path).size("a") == (4, 8)


@pytest.mark.parametrize("left", [0.4, 0.9, 1])
def test_an_lmdb_that_was_cut_off(tmp_path, left):
    """Reading behind the end of a mapped file would end the process by a signal."""
    path = tmp_path / "clips.lmdb"
    write_lmdb(path, [("a", moving_clip(40, 32, 32))])
    data = (path / "data.mdb").read_bytes()
    (path / "data.mdb").write_bytes(data[: int((len(data) - 8192) * left)])
    for _ in range(2):  # a second time, too
        with pytest.raises(ValueError, match="data.mdb is cut off: it has .* bytes of"):
            open_clips(path)


def test_a_damaged_lmdb(tmp_path):
    write_lmdb(tmp_path / "clips.lmdb", [("a", moving_clip(3, 8, 8))])
    data = bytearray((tmp_path / "clips.lmdb" / "data.mdb").read_bytes())
    data[8192:12288] = b"\xff" * 4096  # a page of the tree
    (tmp_path / "clips.lmdb" / "data.mdb").write_bytes(data)
    with pytest.raises(ValueError, match="clips.lmdb is damaged .*; copy or make the LMDB again"):
        open_clips(tmp_path / "clips.lmdb").read("a")
