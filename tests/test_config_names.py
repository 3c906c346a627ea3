"""Configs that come with the package, by their short names."""

import pytest

from fca2_plugin._configs import CONFIGS, find_config
from tests.conftest import require_host


def test_a_path_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.py").touch()
    assert str(find_config("config.py")) == "config.py"
    with pytest.raises(FileNotFoundError, match="there is no config 'my/config.py'"):
        find_config("my/config.py")


def test_a_short_name_is_a_file_of_the_package():
    for name in ("mmagic/tiny/tiny_basicvsr.py", "basicsr/tiny/tiny_basicvsr.yml"):
        assert find_config(f"fca2_plugin::{name}") == CONFIGS / name
        assert (CONFIGS / name).is_file()


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(FileNotFoundError, match="did you mean 'mmagic/tiny/tiny_basicvsr.py'"):
        find_config("fca2_plugin::mmagic/tiny/tiny_basicsvr.py")


@pytest.mark.slow
@pytest.mark.mmagic
def test_a_base_by_its_short_name(tmp_path):
    require_host("mmagic")
    from fca2_plugin.mmagic.runner import load_config

    path = tmp_path / "mine.py"
    path.write_text("_base_ = 'fca2_plugin::mmagic/tiny/tiny_fca2-basicvsr.py'\n")
    cfg = load_config(path)
    theirs = load_config("fca2_plugin::mmagic/tiny/tiny_fca2-basicvsr.py")
    assert cfg.model.to_dict() == theirs.model.to_dict()  # no scope of its own, either
    assert cfg.model.type == "FCA2Wrapper"
