"""The table of real networks, on tiny ones: rows, what is left out, and a second run."""

import json

import pytest
import torch

from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.data import demo_clips, write_frames
from fca2_plugin.inference.bicubic import Bicubic
from fca2_plugin.inference.weights_list import Shipped
from fca2_plugin.inference.wrap import wrap
from fca2_plugin.nets import BasicVSRNet, CompactVSRNet
from tools.pretrained import rows as rows_module
from tools.pretrained import table as table_module
from tools.pretrained.markdown import table_markdown
from tools.pretrained.rows import PUBLISHED_FILE, ROWS, Row, find_rows
from tools.pretrained.table import make_table

CONDITIONS = ["raw", "15", "25", "35"]


@pytest.fixture(scope="module")
def vid4(tmp_path_factory):
    """Two clips of 6 frames; the table takes the first 4."""
    folder = tmp_path_factory.mktemp("vid4")
    for _, name, frames in demo_clips(0, 2, 6, (48, 64)):
        write_frames(folder / name, frames)
    return folder


@pytest.fixture
def tiny(monkeypatch):
    """Networks that take no time in the place of full-size ones."""
    torch.manual_seed(0)
    network = CompactVSRNet(4, 1).eval()
    rows = [
        Row("bicubic", Bicubic()),
        Row("published", network, "centred"),
        Row("published_fca2", wrap(network, "tiny_fast")),
        Row("crf", CompactVSRNet(4, 1).eval()),
    ]
    left_out = {"crf_fca2": "the row crf_fca2 is left out: no weights"}
    monkeypatch.setattr(table_module, "find_rows", lambda weights: (rows, left_out))
    return rows


def test_table_picture_and_a_second_run(vid4, tiny, tmp_path, monkeypatch):
    said = []
    table = make_table(vid4, tmp_path, weights="none", frames=4, device="cpu", report=said.append)
    assert said[0] == "the row crf_fca2 is left out: no weights"
    assert said[-1] == "timing 3 networks in turns on 4 frames"  # two have one structure
    assert json.loads((tmp_path / "table.json").read_text()) == table
    assert list(table["rows"]) == ["bicubic", "published", "published_fca2", "crf"]
    assert set(table["clips"].values()) == {4}
    for row in table["rows"].values():
        assert list(row["psnr_y"]) == list(row["ssim_y"]) == list(row["tof"]) == CONDITIONS
        assert row["ms_per_frame"] > 0
    published, inside, crf = (table["rows"][n] for n in ("published", "published_fca2", "crf"))
    assert published["ms_per_frame"] == crf["ms_per_frame"]
    assert published["psnr_y"] != crf["psnr_y"]
    assert inside["parameters"] > published["parameters"] == 67_288
    assert table["papers"]["BasicVSR"]["psnr_y"] == {"15": 26.03, "25": 24.37, "35": 22.23}
    assert table["papers"]["FCA² + BasicVSR++"]["psnr_y"]["15"] == 27.01
    measured = evaluate(
        data=tmp_path / "Vid4", conditions=["crf25"], network=tiny[1].network, phase="centred"
    )
    assert published["psnr_y"]["25"] == pytest.approx(measured["psnr"])
    assert (tmp_path / "psnr_vs_ms.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "table.md").read_text()
    assert "figures of the paper (FCA² Table I)" in text and said[0] in text
    assert text.count("\n| ") == 2 + 4 + 4  # heads and rule, rows, papers

    def refuse(*args, **kwargs):
        raise AssertionError("measured again")

    monkeypatch.setattr(table_module, "compare", refuse)
    monkeypatch.setattr(table_module, "evaluate", refuse)
    assert make_table(vid4, tmp_path, weights="none", frames=4, device="cpu") == table
    torch.nn.init.zeros_(tiny[3].network.tail.weight)  # other weights are measured anew
    with pytest.raises(AssertionError, match="measured again"):
        make_table(vid4, tmp_path, weights="none", frames=4, device="cpu")
    with pytest.raises(ValueError, match="Vid4"):  # a table of other clips
        make_table(vid4, tmp_path, weights="none", frames=3, device="cpu")
    with pytest.raises(ValueError, match="the first 0 frames"):
        make_table(vid4, tmp_path, weights="none", frames=0)


def test_rows_whose_weights_are_missing_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_module, "list_shipped", dict)
    rows, left_out = find_rows(tmp_path)
    assert [row.name for row in rows] == ["bicubic"]
    assert list(left_out) == [name for name in ROWS if name != "bicubic"]
    assert "get_basicvsr.sh" in left_out["published"]
    assert "no weights of the name large ship" in left_out["crf"]


def test_rows_of_published_and_large_weights(tmp_path, monkeypatch):
    small = BasicVSRNet(4, 1).eval()
    monkeypatch.setattr(rows_module, "BasicVSRNet", lambda: BasicVSRNet(4, 1))
    torch.save({"params": small.state_dict()}, tmp_path / PUBLISHED_FILE)
    large = wrap(small, "tiny_fast", phase="centred")
    shipped = dict.fromkeys(("large", "small"), Shipped("", 4, "", "", "", {}))
    monkeypatch.setattr(rows_module, "list_shipped", lambda: shipped)
    monkeypatch.setattr(rows_module, "load_shipped", lambda name: large)
    rows, left_out = find_rows(tmp_path)
    found = {row.name: row for row in rows}
    assert list(found) == [name for name in ROWS if name != "small_fast"]
    assert list(left_out) == ["small_fast"]
    assert found["crf"].network is large.vsr and found["crf"].phase == "centred"
    assert found["crf_fca2"].network is large
    assert isinstance(found["published"].network, BasicVSRNet)
    assert found["published_fca2"].network.autoencoder.phase == "centred"
    monkeypatch.setattr(rows_module, "load_shipped", lambda name: small)
    with pytest.raises(ValueError, match="expected FCA2Net around"):
        find_rows(tmp_path)


def test_markdown_without_tof():
    row = {"about": "a", "psnr_y": {"raw": 30.0}, "ssim_y": {"raw": 0.9}, "tof": {}}
    row |= {"parameters": 1e6, "macs_per_frame": 2e9, "ms_per_frame": 3.4}
    timing = {"shape": [1, 2, 3, 4, 5], "repeats": 3, "device": "cpu", "threads": 1, "torch": "2"}
    timing["load_average"] = 0.5
    table = {"rows": {"a": row}, "timing": timing, "clips": {"x": 2}, "left_out": {}, "papers": {}}
    text = table_markdown({**table, "protocol": "cvsr-y", "degradation": "gaussian"})
    assert "| a | 30.00 / 0.9000 | 1.00 | 2.0 | 3 |" in text and "tOF" not in text
