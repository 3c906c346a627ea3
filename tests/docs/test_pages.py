"""README and the tutorials run as they are written; links resolve; words are spelled right."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import require_host
from tests.docs.pages import ROOT, blocks, fill_folder, make_demo, markdown_files, run_block

TUTORIALS = sorted(path.stem for path in (ROOT / "docs" / "tutorials").glob("*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]+)?\)")
#: The tutorials train 20 iterations; that what follows works shows after 2.
FEW = {"=20": "=2", "=[20]": "=[2]"}
MAX_README_LINES = 150


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo") / "clips")


@pytest.fixture
def folder(tmp_path, demo, warm):
    fill_folder(tmp_path, demo, warm)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_runs_as_written(name, folder):
    require_host("mmagic")
    require_host("basicsr")
    for block in blocks(ROOT / "docs" / "tutorials" / f"{name}.md"):
        if not block.skipped and (block.file or block.language in ("bash", "python")):
            run_block(block, folder, FEW)


README = list(blocks(ROOT / "README.md"))


def find(part: str):
    """The one block of README that holds ``part``."""
    (found,) = [block for block in README if part in block.text]
    return found


@pytest.mark.slow
def test_readme_wraps_a_config_of_mmagic(folder):
    require_host("mmagic")
    tiny = {
        "mmagic::basicvsr/basicvsr_2xb4_reds4.py": "fca2_plugin::mmagic/tiny/tiny_basicvsr.py",
        "'fast'": "'tiny_fast'",
    }
    run_block(find("custom_imports"), folder, tiny)
    short = "train_cfg.max_iters=2 train_cfg.val_interval=2 default_hooks.checkpoint.interval=2"
    command = "train my_fca2.py"
    run_block(find(command), folder, {command: f"{command} --cfg-options {short}"})
    assert (folder / "work_dirs" / "my_fca2" / "iter_2.pth").is_file()


@pytest.mark.slow
def test_readme_wraps_a_config_of_basicsr(folder):
    require_host("basicsr")
    config = yaml.safe_load((ROOT / "configs/basicsr/tiny/tiny_basicvsr.yml").read_text())
    config |= yaml.safe_load(find("model_type").text) | {"name": "my_fca2"}
    config["network_g"] |= {"preset": "tiny_fast"}
    config["network_g"]["vsr"] |= {"num_feat": 8, "num_block": 1}
    config["train"] |= {"total_iter": 2}
    config["train"]["scheduler"]["periods"] = [2]
    config["logger"]["save_checkpoint_freq"] = config["val"]["val_freq"] = 2
    (folder / "my_fca2.yml").write_text(yaml.safe_dump(config))
    run_block(find("train my_fca2.yml"), folder)
    assert (folder / "experiments" / "my_fca2" / "models" / "net_g_2.pth").is_file()


@pytest.mark.slow
def test_readme_wraps_a_trained_network(folder):
    prelude = (
        "import torch; from fca2_plugin.nets import CompactVSRNet\n"
        "network, lq = CompactVSRNet(), torch.rand(1, 7, 3, 16, 16)\n"
    )
    first, last = "import fca2_plugin\n", "sr = faster(lq)\n"
    shown = run_block(
        find("faster(lq)"), folder, {first: prelude + first, last: f"{last}print(*sr.shape)\n"}
    )
    assert shown == "1 7 3 64 64\n"


@pytest.mark.slow
def test_readme_upscales_a_video(folder):
    run_block(find("--dry-run"), folder)
    assert (folder / "out.mp4").stat().st_size > 0
    assert not (folder / "out.mkv").exists()


def test_readme_has_the_two_commands_and_is_short():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_README_LINES
    assert "\nbash tools/quickstart.sh " in text
    assert "\nbash tools/run_tests.sh " in text


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_resolve(path):
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        found = path.parent / target
        assert found.exists(), f"{path.name} links to {target}, which does not exist"
        if anchor:
            assert anchor[1:] in anchors(found), f"{path.name}: {target} has no heading {anchor}"


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in plain}


def test_no_page_speaks_of_a_file_that_is_not_there():
    for path in markdown_files():
        for name in re.findall(r"bash (tools/\w+\.sh)", path.read_text(encoding="utf-8")):
            assert (ROOT / name).is_file(), f"{path.name} names {name}"


def test_contributing_names_files_that_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:fca2_plugin|tests|tools|docs|configs)/[\w/.-]+)`", text))
    assert len(named) > 10
    for name in named:
        assert "NAME" in name or (ROOT / name).exists(), f"CONTRIBUTING.md names {name}"


def test_spelling():
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", "--toml", "pyproject.toml", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_offline(tmp_path):
    options = ["-W", "-q", "-b", "html", "-c", "docs"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, ".", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="(https?:[^"]+)"',
            page.read_text(encoding="utf-8"),
        )
        assert not loaded, f"{page} loads {loaded}"
