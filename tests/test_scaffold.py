"""CONTRIBUTING.md names the files to touch for something new; here that is done, and it works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import require_host

ROOT = Path(__file__).parent.parent

BACKBONE = '''"""A network that a test adds."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.nets.spec import NetSpec

__all__ = ["ScaffoldNet"]


class ScaffoldNet(nn.Module):
    """A convolution on every frame, with the mean frame beside it."""

    spec = NetSpec(scale=2)

    def __init__(self, mid_channels: int = 4) -> None:
        super().__init__()
        self.head = nn.Conv2d(6, mid_channels, 3, padding=1)
        self.tail = nn.Conv2d(mid_channels, 12, 3, padding=1)

    def forward(self, lq: Tensor) -> Tensor:
        mean = lq.mean(dim=1, keepdim=True).expand_as(lq)
        frames = torch.cat([lq, mean], dim=2).flatten(0, 1)
        sr = F.pixel_shuffle(self.tail(F.leaky_relu(self.head(frames), 0.1)), 2)
        return sr.unflatten(0, lq.shape[:2])
'''

PART = '''"""An autoencoder that a test adds: every second frame is a code that the next repeats."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fca2_plugin.nets.codes import Codes
from fca2_plugin.ops.frame_groups import FrameGroup, pick_frames

__all__ = ["ScaffoldAutoencoder"]


class ScaffoldAutoencoder(nn.Module):
    """Brightens its codes by what it learns."""

    phase = None
    takes_groups = has_plain_codes = False
    min_frames = 1

    def __init__(self, brighter: float = 0.0) -> None:
        super().__init__()
        self.brighter = nn.Parameter(torch.tensor(brighter))

    def num_codes(self, num_frames: int) -> int:
        return len(self.plan(num_frames))

    def plan(self, num_frames: int) -> tuple[FrameGroup, ...]:
        keys = range(0, num_frames, 2)
        return tuple(FrameGroup(key, tuple(range(key + 1, num_frames)[:1])) for key in keys)

    def encode(self, x: Tensor, groups: Sequence[FrameGroup] | None = None) -> Codes:
        keys = [group.key for group in groups or self.plan(x.shape[1])]
        return Codes(pick_frames(x, keys) + self.brighter, x.shape[1])

    def decode(self, codes: Codes) -> Tensor:
        return codes.images.repeat_interleave(2, dim=1)[:, : codes.guide]
'''

APPLICATION = '''"""An application that a test adds."""

__all__ = ["count"]


def count(words: list[str]) -> int:
    """How many there are."""
    return len(words)
'''

VERB = '''"""``fca2 scaffold``."""

import argparse

__all__ = ["EXAMPLE", "HELP", "OPTIONS", "run"]

HELP = "count words"
EXAMPLE = "fca2 scaffold one two"
OPTIONS = {"": {"words WORD ...": "what is counted"}}


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.scaffold import count

    print(count(args.words))
    return 0
'''

NETS, BUILD = "fca2_plugin/nets/__init__.py", "fca2_plugin/nets/build.py"
CODER = '"FCA2ScaffoldAutoencoder"'
PRESET = f'{{"net": {{**_FAST, "join_codes": False}}, "autoencoder": {{"type": {CODER}}}'

#: What each kind takes: the text of a new file, or a line behind one of a file that is there.
SCAFFOLDS: dict[str, list[tuple[str, str, str]]] = {
    "a backbone": [
        ("fca2_plugin/nets/NAME.py", "", BACKBONE),
        (NETS, "", "from fca2_plugin.nets.scaffold import ScaffoldNet"),
        (NETS, "NETS = {", '    "FCA2ScaffoldNet": ScaffoldNet,'),
        (NETS, "__all__ = [", '    "ScaffoldNet",'),
        ("tests/nets/test_contract.py", "    RFDANet,", "    ScaffoldNet,"),
        ("tests/nets/test_contract.py", "CASES = [", '    Case("new", ScaffoldNet, 664, scale=2),'),
    ],
    "a preset": [(BUILD, "PRESETS: .* = {", f'    "scaffold": {PRESET}, "cleaning": False}},')],
    "a stage": [
        (BUILD, "STAGES = {", '    "scaffold": Stage(("autoencoder", "vsr"), ("autoencoder",)),')
    ],
    "a part of FCA²": [
        ("fca2_plugin/nets/NAME.py", "", PART),
        (NETS, "", "from fca2_plugin.nets.scaffold_part import ScaffoldAutoencoder"),
        (NETS, "NETS = {", f"    {CODER}: ScaffoldAutoencoder,"),
        (NETS, "__all__ = [", '    "ScaffoldAutoencoder",'),
        (BUILD, "import inspect", "from fca2_plugin.nets.scaffold_part import ScaffoldAutoencoder"),
        (BUILD, "AUTOENCODERS: .* = {", f"    {CODER}: ScaffoldAutoencoder,"),
    ],
    "a verb": [
        ("fca2_plugin/apps/NAME.py", "", APPLICATION),
        ("fca2_plugin/cli/NAME.py", "", VERB),
        ("fca2_plugin/cli/__init__.py", "GROUPS = {", '    "scaffold": ("scaffold",),'),
    ],
}

#: All of it in use, on both hosts.
USE = """
import torch
import fca2_plugin.mmagic, fca2_plugin.basicsr
from basicsr.utils.registry import ARCH_REGISTRY
from mmagic.registry import MODELS

settings = dict(vsr=dict(type="FCA2ScaffoldNet"), preset="scaffold", stage="scaffold")
for net in (MODELS.build(dict(type="FCA2Net", **settings)),
            ARCH_REGISTRY.get("FCA2Net")(**settings)):
    with torch.no_grad():
        net.autoencoder.brighter.fill_(0.5)
    lq = torch.rand(1, 7, 3, 8, 8)
    sr = net(lq)
    assert sr.shape == (1, 7, 3, 16, 16) and net.plan(lq)[1].key == 2
    torch.testing.assert_close(sr[:, 0::2], net.vsr(lq[:, 0::2] + 0.5))
    torch.testing.assert_close(sr[:, 1::2], sr[:, 0:6:2])
    learns = [name for name, p in net.named_parameters() if p.requires_grad]
    assert learns == ["autoencoder.brighter"]

from fca2_plugin.cli import main
assert main(["scaffold", "one", "two"]) == 0
"""


def sections() -> dict[str, str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^## Adding (.+)\n((?:(?!## ).*\n?)+)", text, re.MULTILINE))


@pytest.mark.parametrize("kind", SCAFFOLDS)
def test_contributing_names_every_file_that_is_touched(kind):
    named = set(re.findall(r"`(fca2_plugin/[\w/.]+\.py)`", sections()[kind]))
    assert named == {path for path, _, _ in SCAFFOLDS[kind] if path.startswith("fca2_plugin/")}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the package and of the tests of networks, with one of each kind added."""
    root = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__", "weights", ".mim")
    for folder in ("fca2_plugin", "tests/nets"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for name in ("tests/__init__.py", "tests/conftest.py", "tests/warm.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    for kind, changes in SCAFFOLDS.items():
        name = "scaffold_part" if kind == "a part of FCA²" else "scaffold"
        for path, behind, text in changes:
            file = root / path.replace("NAME", name)
            if "NAME" in path:
                file.write_text(text, encoding="utf-8")
            else:
                file.write_text(_with(file.read_text(encoding="utf-8"), behind, text))
    return root


def _with(text: str, behind: str, line: str) -> str:
    """``text`` with a line behind the one that is ``behind``, or behind an import."""
    start = re.escape(behind or "from fca2_plugin.nets.rfda").replace(r"\.\*", ".*")
    pattern = f"^{start}$" if behind else f"^{start} .*$"
    changed, count = re.subn(pattern, lambda found: f"{found[0]}\n{line}", text, flags=re.MULTILINE)
    assert count == 1, f"{behind} is there {count} times"
    return changed


def run(house: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_what_was_added_works_on_both_hosts(house):
    require_host("mmagic")
    require_host("basicsr")
    done = run(house, "-c", USE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2"


@pytest.mark.slow
def test_the_contract_holds_for_the_backbone_and_asks_for_the_part(house):
    options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/nets/test_contract.py"]
    done = run(house, *options, "-k", "new")
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout
    done = run(house, *options, "-k", "test_the_table_covers_every_net")
    assert done.returncode == 1 and "ScaffoldAutoencoder" in done.stdout, done.stdout
