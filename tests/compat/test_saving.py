"""A checkpoint of MMEngine appears whole, and before the one that it replaces goes."""

from types import SimpleNamespace

import pytest

from tests.conftest import require_host

require_host("mmengine")

from mmengine.fileio import get_file_backend  # noqa: E402
from mmengine.hooks import CheckpointHook  # noqa: E402

from fca2_plugin.compat import prepare_mmagic  # noqa: E402

pytestmark = pytest.mark.mmagic


@pytest.fixture(autouse=True)
def prepared():
    prepare_mmagic()


def runner(folder, save):
    """As much of a Runner as the hook asks for."""
    info = {}
    hub = SimpleNamespace(
        runtime_info=info, update_info=info.__setitem__, get_info=info.__getitem__
    )

    def save_checkpoint(out_dir, filename, *args, **kwargs):
        save(f"{out_dir}/{filename}")

    logger = SimpleNamespace(info=lambda text: None)
    return SimpleNamespace(
        work_dir=str(folder), message_hub=hub, save_checkpoint=save_checkpoint, logger=logger
    )


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    backend = get_file_backend(str(tmp_path))
    backend.put(b"old", tmp_path / "new" / "iter_1.pth")
    path = tmp_path / "new" / "iter_1.pth"

    def full(self, content):
        self.open("wb").write(content[:2])
        raise OSError("no space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        backend.put(b"new content", path)
    assert [file.name for file in path.parent.iterdir()] == ["iter_1.pth"]
    assert path.read_bytes() == b"old"


def test_the_old_one_goes_when_the_new_one_is_there(tmp_path):
    hook = CheckpointHook(interval=1, by_epoch=False, max_keep_ckpts=1)
    seen = []

    def save(path):
        seen.append(sorted(file.name for file in tmp_path.glob("*.pth")))
        if path.endswith("iter_3.pth"):
            raise OSError("no space left on device")
        get_file_backend(path).put(b"content", path)

    one = runner(tmp_path, save)
    hook.before_train(one)
    for step in (1, 2):
        hook._save_checkpoint_with_step(one, step, {})
    assert seen == [[], ["iter_1.pth"]]
    with pytest.raises(OSError, match="no space"):
        hook._save_checkpoint_with_step(one, 3, {})
    assert [file.name for file in tmp_path.glob("*.pth")] == ["iter_2.pth"]


def test_the_best_one_as_well(tmp_path):
    hook = CheckpointHook(interval=1, by_epoch=False, save_best="PSNR", rule="greater")
    seen = []

    def save(path):
        seen.append(sorted(file.name for file in tmp_path.glob("best*")))
        get_file_backend(path).put(b"content", path)

    one = runner(tmp_path, save)
    hook.before_train(one)
    for one.iter, psnr in ((1, 20.0), (2, 30.0)):
        one.epoch = 0
        hook._save_best_checkpoint(one, {"PSNR": psnr})
    assert seen == [[], ["best_PSNR_iter_1.pth"]]
    assert [file.name for file in tmp_path.glob("best*")] == ["best_PSNR_iter_2.pth"]
