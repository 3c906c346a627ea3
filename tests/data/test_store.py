"""fca2_plugin.data.store: one way to read clips from folders and from LMDB."""

import multiprocessing
import pickle

import numpy as np
import pytest
from PIL import Image

from fca2_plugin.data import open_clips, store, write_frames, write_lmdb
from tests.codec.footage import moving_clip
from tests.conftest import require_host, run_python

CLIPS = {"00001/0001": moving_clip(3, 8, 12, seed=1), "00001/0002": moving_clip(12, 6, 10, seed=2)}


@pytest.fixture(params=["disk", "lmdb"])
def root(request, tmp_path):
    if request.param == "lmdb":
        write_lmdb(tmp_path / "clips.lmdb", CLIPS.items())
        return tmp_path / "clips.lmdb"
    for name, frames in CLIPS.items():
        write_frames(tmp_path / "clips" / name, frames)
    return tmp_path / "clips"


def test_both_backends_read_the_same(root):
    clips = open_clips(root)
    assert clips.names == tuple(CLIPS)
    for name, frames in CLIPS.items():
        assert clips.num_frames(name) == len(frames)
        assert clips.frame_names(name) == [f"{i:08d}" for i in range(len(frames))]
        assert clips.size(name) == frames[0].shape[:2]
        assert all(map(np.array_equal, clips.read(name), frames))
    chosen = clips.read("00001/0002", [11, 2, 2])
    assert all(map(np.array_equal, chosen, [CLIPS["00001/0002"][i] for i in (11, 2, 2)]))


def test_chosen_clips_in_the_order_asked_for(root):
    assert open_clips(root, names=["00001/0002"]).names == ("00001/0002",)
    assert open_clips(root, names=["00001/0002", "00001/0001"]).names == tuple(CLIPS)[::-1]
    with pytest.raises(FileNotFoundError, match="clips.* contains no clip 00001/0009"):
        open_clips(root, names=["00001/0009"])


@pytest.mark.parametrize("index", [-1, 3])
def test_a_frame_outside_the_clip(root, index):
    with pytest.raises(ValueError, match=f"has 3 frames, so frame {index} cannot be read"):
        open_clips(root).read("00001/0001", [0, index])


def test_a_backend_is_named_or_seen(root, tmp_path):
    assert open_clips(root, backend="lmdb" if root.suffix else "disk").names == tuple(CLIPS)
    with pytest.raises(ValueError, match="unknown backend 'lmbd'.*did you mean 'lmdb'"):
        open_clips(root, backend="lmbd")


def _mean(clips, name):
    return float(np.mean(clips.read(name)))


def test_processes_share_a_store(root):
    """A parent that has read before it forks, its children, and a spawned process."""
    clips = open_clips(root)
    name, expected = "00001/0001", np.mean(CLIPS["00001/0001"])
    assert _mean(clips, name) == expected
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.starmap(_mean, [(clips, name)] * 4) == [expected] * 4
    assert _mean(pickle.loads(pickle.dumps(clips)), name) == expected


def test_no_folder(tmp_path):
    for backend in (None, "disk"):
        with pytest.raises(FileNotFoundError, match="no folder .*absent to find clips in"):
            open_clips(tmp_path / "absent", backend, names=["a"])
    with pytest.raises(FileNotFoundError, match=r"absent.lmdb/data.mdb does not exist"):
        open_clips(tmp_path / "absent.lmdb")


def test_a_named_clip_without_images(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match="the clip .*a contains no images"):
        open_clips(tmp_path, names=["a"])


def test_an_lmdb_grows_with_its_clips(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FIRST_MAP_BYTES", 1 << 14)
    noise = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    clips = [("a", noise[:3]), ("b", noise[3:])]
    assert write_lmdb(tmp_path / "x.lmdb", clips) == 6
    assert np.array_equal(open_clips(tmp_path / "x.lmdb").read("b"), noise[3:])


def test_an_lmdb_appears_whole_or_not_at_all(tmp_path):
    def clips():
        yield "a", moving_clip(2, 8, 8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_lmdb(tmp_path / "x.lmdb", clips())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "clips", "sentence"),
    [
        ("x.db", [], "must end with .lmdb"),
        ("x.lmdb", [], "there are no clips to write"),
        ("x.lmdb", [("a", [])], "the clip a has no frames"),
        ("x.lmdb", [("a", moving_clip(1, 8, 8))] * 2, "the clip a appears twice"),
        ("x.lmdb", [("a" * 600, moving_clip(1, 8, 8))], "LMDB takes 511 bytes, got 609"),
        ("x.lmdb", [("a", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)])], "5x4"),
    ],
)
def test_write_lmdb_refuses(tmp_path, name, clips, sentence):
    with pytest.raises(ValueError, match=sentence):
        write_lmdb(tmp_path / name, iter(clips))
    assert list(tmp_path.iterdir()) == []


def test_write_lmdb_keeps_what_is_there(tmp_path):
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items())
    with pytest.raises(ValueError, match="already exists"):
        write_lmdb(tmp_path / "x.lmdb", CLIPS.items())


def test_an_lmdb_with_missing_keys(tmp_path):
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items())
    with (tmp_path / "x.lmdb/meta_info.txt").open("a") as file:
        file.write("00001/0001/00000003.png (8,12,3) 3\n")
    with pytest.raises(
        ValueError, match="does not contain the key 00001/0001/00000003, which its meta_info"
    ):
        open_clips(tmp_path / "x.lmdb")
    assert open_clips(tmp_path / "x.lmdb", names=["00001/0002"]).num_frames("00001/0002") == 12


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "lists no frames"),
        ("\n00000000.png (8,12,3) 3\n", "line 2 of .* is '00000000.png"),
        ("a/0.png 8x12\n", "line 1 of .*expected '<clip>/<frame>.png"),
    ],
)
def test_a_broken_list_of_an_lmdb(tmp_path, text, sentence):
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items())
    (tmp_path / "x.lmdb/meta_info.txt").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        open_clips(tmp_path / "x.lmdb")


def test_an_lmdb_with_mixed_sizes(tmp_path):
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items())
    text = (tmp_path / "x.lmdb/meta_info.txt").read_text()
    (tmp_path / "x.lmdb/meta_info.txt").write_text(text.replace("2.png (8,12,3)", "2.png (8,16,3)"))
    with pytest.raises(ValueError, match="00001/0001/00000002 is 16x8, but 00000000 of the same"):
        open_clips(tmp_path / "x.lmdb").size("00001/0001")


def test_a_file_that_is_no_lmdb(tmp_path):
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items())
    (tmp_path / "x.lmdb/data.mdb").write_bytes(b"no database" * 1000)
    with pytest.raises(ValueError, match="cannot be opened as an LMDB"):
        open_clips(tmp_path / "x.lmdb")


def test_a_damaged_picture_of_an_lmdb(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "encode_png", lambda frame: b"no picture")
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items())
    with pytest.raises(ValueError, match="00001/0001/00000000 of .*x.lmdb is not an image"):
        open_clips(tmp_path / "x.lmdb").read("00001/0001")


def test_frames_keep_the_names_of_their_files(tmp_path):
    write_lmdb(tmp_path / "x.lmdb", CLIPS.items(), frame_name=lambda index: f"im{index + 1}")
    names = open_clips(tmp_path / "x.lmdb").frame_names("00001/0002")
    assert names == [f"im{i}" for i in range(1, 13)]  # im10 after im9
    for index, frame in enumerate(CLIPS["00001/0001"], start=1):
        path = tmp_path / f"clips/00001/0001/im{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(frame).save(path)
    assert open_clips(tmp_path / "clips").frame_names("00001/0001") == ["im1", "im2", "im3"]


@pytest.mark.slow
@pytest.mark.basicsr
def test_basicsr_reads_what_we_write_and_we_what_it_writes(tmp_path):
    require_host("basicsr")
    write_lmdb(tmp_path / "ours.lmdb", CLIPS.items())
    for name, frames in CLIPS.items():
        write_frames(tmp_path / "clips" / name, frames)
    # a process of its own: each library would open the environment that the other holds
    run_python(
        f"""
from fca2_plugin.compat import prepare_basicsr; prepare_basicsr()
from pathlib import Path
import numpy as np
from basicsr.utils import FileClient, imfrombytes
from basicsr.utils.lmdb_util import make_lmdb_from_imgs
from fca2_plugin.data import open_clips
root = Path({str(tmp_path)!r})
disk = open_clips(root / "clips")
keys = [f"{{name}}/{{frame}}" for name in disk.names for frame in disk.frame_names(name)]
client = FileClient("lmdb", db_paths=[str(root / "ours.lmdb")], client_keys=["lq"])
frames = [frame for name in disk.names for frame in disk.read(name)]
for key, frame in zip(keys, frames, strict=True):
    assert np.array_equal(imfrombytes(client.get(key, "lq"))[..., ::-1], frame), key
paths = [f"{{key}}.png" for key in keys]
make_lmdb_from_imgs(str(root / "clips"), str(root / "theirs.lmdb"), paths, keys)
theirs = open_clips(root / "theirs.lmdb")
assert theirs.names == disk.names
for name in disk.names:
    assert np.array_equal(theirs.read(name), disk.read(name)), name
    assert theirs.size(name) == disk.size(name)
"""
    )
