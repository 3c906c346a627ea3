"""The small networks' recipe: training, validation and test footage never meet."""

import re

import pytest

from tests.config_trees import ROOT

LISTS = ROOT / "configs/small_clips"
SPLITS = ["train", "train_enhancement", "val"]
#: What is for testing alone, in whatever spelling or cut of it: the test sets of the field, and
#: footage that shows the same scene.
TEST_FOOTAGE = (
    "vid4 calendar city foliage walk reds udm10 spmcs foreman basketball parkjoy racehorses "
    "mobilecalendar mobcal kimono bqterrace bqmall bqsquare blowingbubbles partyscene fourpeople"
).split()


def read(split: str) -> list[str]:
    return (LISTS / f"{split}.txt").read_text().split()


def letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def meets_a_test(name: str) -> list[str]:
    return [test for test in TEST_FOOTAGE if test in letters(name)]


def test_the_lists_are_disjoint():
    train, val = read("train"), read("val")
    assert len(train) == len(set(train)) > len(val) == len(set(val)) > 0
    assert not set(train) & set(val)


@pytest.mark.parametrize("split", SPLITS)
def test_no_test_footage_is_listed(split):
    assert sorted(path.stem for path in LISTS.iterdir()) == SPLITS
    assert {name: meets_a_test(name) for name in read(split) if meets_a_test(name)} == {}


@pytest.mark.parametrize("name", ["Vid4_calendar", "foreman_cif", "REDS4-011", "Park_Joy_480"])
def test_a_test_clip_would_be_found(name):
    assert meets_a_test(name)


@pytest.mark.parametrize("host", ["mmagic", "basicsr"])
def test_training_and_validation_read_their_own_folders(host):
    """The configs name no other data than what ``tools/train_small.sh`` makes from the lists."""
    files = [*(ROOT / f"configs/{host}/small").glob("small_*")]
    assert len(files) >= 6
    files += [ROOT / "configs/mmagic/_base_/small.py"] * (host == "mmagic")
    roots = {r for file in files for r in re.findall(r"data/[\w/.-]+", file.read_text())}
    places = [f"data/clips/{split}/{kind}" for split in ("train", "val") for kind in ("gt", "lq")]
    places += [f"data/real/{tree}/train/lq" for tree in ("area", "bi")]
    assert all(root.startswith(tuple(places)) for root in roots)
    assert "encode_clips" in (ROOT / "tools/train_small.sh").read_text()
    script = (ROOT / "tools/_launch.sh").read_text()
    assert "configs/small_clips/$2.txt" in script and "data/clips/$split" in script
    assert script.count('encode_split "$1" train data/real/') == 2


@pytest.mark.parametrize("host", ["mmagic", "basicsr"])
def test_enhancement_trains_on_its_list_alone(host):
    script = (ROOT / "tools/train_enhancement.sh").read_text()
    assert "mapfile -t names <configs/small_clips/train_enhancement.txt" in script
    train, test = re.findall(r" mfqe ((?:.*\\\n)*.*)", script)
    assert '"$clips" data/small_mfqe --split train' in train and '--clips "${names[@]}"' in train
    assert '"$test_clips" data/small_mfqe --split test' in test
    files = [*(ROOT / f"configs/{host}/enhancement/small").glob("small_*")]
    assert len(files) == 3
    if host == "mmagic":
        files = [ROOT / "configs/mmagic/_base_/small-enhancement.py"]
    for file in files:
        text = file.read_text()
        assert set(re.findall(r"dataroot[=:] ?'?([\w/]+)", text)) == {"data/small_mfqe"}
        assert re.findall(r"split[=:] ?'?(\w+)", text)[0] == "train"
