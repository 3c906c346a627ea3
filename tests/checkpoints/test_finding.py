"""A file, the newest whole one of a run, or an address."""

import os
import shutil

import pytest
import torch

from fca2_plugin.checkpoints import find_checkpoint, read_state_dict
from tests.checkpoints.samples import make_state


def test_find_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint at .*none.pth; run the stage"):
        find_checkpoint(tmp_path / "none.pth")
    with pytest.raises(FileNotFoundError, match=f"no checkpoint in {tmp_path}; expected.*last_"):
        find_checkpoint(tmp_path)
    newest = tmp_path / "iter_2.pth"
    (tmp_path / "last_checkpoint").write_text(str(newest))
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        find_checkpoint(tmp_path)  # the file it names is gone
    newest.touch()
    assert find_checkpoint(str(tmp_path)) == newest
    assert find_checkpoint(newest) == newest
    moved = tmp_path.rename(tmp_path.with_name("moved"))  # the pointer holds the old path
    assert find_checkpoint(moved) == moved / "iter_2.pth"


def test_find_checkpoint_in_a_run_of_basicsr(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    for name in ("net_d_30", "net_g_9", "net_g_old"):
        (models / f"{name}.pth").touch()
    assert find_checkpoint(tmp_path) == models / "net_g_9.pth"
    (models / "net_g_10.pth").touch()
    assert find_checkpoint(tmp_path) == models / "net_g_10.pth"
    (models / "net_g_latest.pth").touch()
    assert find_checkpoint(tmp_path) == models / "net_g_latest.pth"


def test_an_address_is_downloaded_once(tmp_path, monkeypatch):
    url = "https://example.org/models/net.pth"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    calls = []

    def fails(*args, **kwargs):
        raise OSError("no route to host")

    def fetches(url, target, *args, **kwargs):
        calls.append(url)
        torch.save(make_state(), target)

    monkeypatch.setattr(torch.hub, "download_url_to_file", fails)
    with pytest.raises(FileNotFoundError, match=r"could not download .*net.pth \(no route to host"):
        read_state_dict(url)
    assert not list(tmp_path.rglob("*.pth"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fetches)
    for _ in range(2):
        assert read_state_dict(url).keys() == make_state().keys()
    assert calls == [url]


def whole(path, number=0, time=None):
    torch.save({"state_dict": make_state(fill=number)}, path)
    if time is not None:
        os.utime(path, (time, time))
    return path


def cut(path):
    content = whole(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def test_without_a_pointer_the_highest_number_is_found(tmp_path):
    for number in (9, 10, 8):
        whole(tmp_path / f"iter_{number}.pth")
    whole(tmp_path / "best_PSNR_iter_11.pth")
    assert find_checkpoint(tmp_path) == tmp_path / "iter_10.pth"


def test_a_copied_folder_does_not_lead_back(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    whole(run / "iter_2.pth")
    (run / "last_checkpoint").write_text(str(run / "iter_2.pth"))
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    assert find_checkpoint(copy) == copy / "iter_2.pth"
    (copy / "iter_2.pth").unlink()
    with pytest.raises(FileNotFoundError, match=r"last_checkpoint names '.*run/iter_2.pth', which"):
        find_checkpoint(copy)


def test_the_newest_is_what_was_written_last(tmp_path):
    """A run that was prolonged and killed, and one that began anew over an older one."""
    for number, time in ((2, 10), (4, 20)):
        whole(tmp_path / f"iter_{number}.pth", time=time)
    pointer = tmp_path / "last_checkpoint"
    pointer.write_text("iter_2.pth")
    assert find_checkpoint(tmp_path).name == "iter_4.pth"
    os.utime(tmp_path / "iter_2.pth", (30, 30))
    assert find_checkpoint(tmp_path).name == "iter_2.pth"
    models = tmp_path / "b" / "models"
    models.mkdir(parents=True)
    whole(models / "net_g_latest.pth", time=10)  # after 300
    for number, time in ((300, 9), (400, 20), (500, 30)):
        whole(models / f"net_g_{number}.pth", time=time)
    assert find_checkpoint(tmp_path / "b") == models / "net_g_500.pth"


def test_a_damaged_one_is_passed_over_and_named(tmp_path):
    whole(tmp_path / "iter_2.pth")
    cut(tmp_path / "iter_4.pth")
    (tmp_path / "last_checkpoint").write_text("iter_4.pth")
    with pytest.warns(UserWarning, match=r"iter_4.pth in .* is damaged, so .*iter_2.pth is used"):
        assert find_checkpoint(tmp_path).name == "iter_2.pth"
    cut(tmp_path / "iter_2.pth")
    with pytest.raises(ValueError, match="iter_4.pth is not a readable checkpoint"):
        read_state_dict(tmp_path)
