"""fca2_plugin.data.lists: the hosts' list files, and REDS without its test clips."""

import pytest

from fca2_plugin.data import PARTITIONS, read_clip_list, select_clips

REDS = [f"{index:03d}" for index in range(270)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("00001/0001 7 (256,448,3)\n00001/0002 7 (256,448,3)\n", ("00001/0001", "00001/0002")),
        ("000 100 (720,1280,3)", ("000",)),
        ("calendar 41\n\nwalk 47\n", ("calendar", "walk")),
        ("00001/0001\n", ("00001/0001",)),
        ("001/00000001.png (720, 1280, 3)\n001/00000000.png (720, 1280, 3)\n", ("001",)),
        ("00001/0001/im1.png (256,448,3)\n", ("00001/0001",)),
        ("b 3\na 3\nb 3\n", ("b", "a")),
    ],
)
def test_lists_of_both_hosts(tmp_path, text, names):
    (tmp_path / "list.txt").write_text(text)
    assert read_clip_list(tmp_path / "list.txt") == names


def test_lists_that_are_not_there_or_empty(tmp_path):
    with pytest.raises(FileNotFoundError, match="list.txt does not exist; correct meta_info_file"):
        read_clip_list(tmp_path / "list.txt")
    (tmp_path / "list.txt").write_text("\n \n")
    with pytest.raises(ValueError, match="list.txt is empty; expected the name of a clip"):
        read_clip_list(tmp_path / "list.txt")


@pytest.mark.parametrize(("partition", "num_train"), [("REDS4", 266), ("REDSofficial", 240)])
def test_training_holds_no_test_clip(partition, num_train):
    train = select_clips(REDS, partition, test=False)
    test = select_clips(REDS, partition, test=True)
    assert len(train) == num_train
    assert not set(train) & set(test)
    assert sorted(train + test) == REDS
    assert test == PARTITIONS[partition]


def test_the_clips_of_reds4():
    assert select_clips(REDS, "REDS4", test=True) == ("000", "011", "015", "020")


def test_select_clips_refuses():
    with pytest.raises(ValueError, match="unknown partition 'REDS'.*did you mean 'REDS4'"):
        select_clips(REDS, "REDS", test=True)
    with pytest.raises(ValueError, match="tests on the clip 011, which is missing"):
        select_clips(["000", "015", "020"], "REDS4", test=True)
    with pytest.raises(ValueError, match="leaves no clip for training; add other clips than 000"):
        select_clips(["000", "011", "015", "020"], "REDS4", test=False)
