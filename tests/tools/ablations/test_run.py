"""The ablations from clips to tables, made small: two rows, an iteration, clips of 128 pixels."""

import json

import numpy as np
import pytest
from rich.console import Console

from fca2_plugin.data import build_clips, demo_clips
from tests.conftest import require_host
from tools.ablations import __main__ as command
from tools.ablations import clips, run, tables, train
from tools.ablations.rows import ABLATIONS, Ablation

LEAST = 1 / train.ITERATIONS
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    root = tmp_path_factory.mktemp("footage") / "set"
    return build_clips(demo_clips(2, 1, 7, (130, 130)), root)


@pytest.fixture
def two_rows(monkeypatch):
    rows = {name: ABLATIONS["III"].rows[name] for name in ("nothing", "grouping")}
    monkeypatch.setitem(ABLATIONS, "III", Ablation("fca2-3", rows))


@pytest.mark.mmagic
def test_trains_rows_and_goes_on_where_it_stopped(two_rows, footage, tmp_path, monkeypatch):
    require_host("mmagic")
    from mmengine.config import config as mmengine_config

    # MMEngine lays out the config's text at every checkpoint: most of the time of a tiny run
    monkeypatch.setattr(mmengine_config, "FormatCode", lambda text, **_: (text, True))
    monkeypatch.setattr(clips, "SIDE", 128)
    arguments = {"tables": ["III"], "budget": LEAST, "data": footage, "console": QUIET}
    results = run.run_ablations(tmp_path, seeds=1, **arguments)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert [found["run"] for found in results["runs"]] == ["flow", "no-grouping", "grouping"]
    (first, second) = results["tables"]["III"]["rows"]
    assert first["printed_psnr"] == {"": 27.84} and second["printed_psnr"] == {"": 37.41}
    for row in (first, second):
        assert 0 < row["psnr"][""][0] < 60 and len(row["psnr"][""]) == 1
    assert results["tables"]["III"]["order"]["verdict"] == "not decided"  # one seed
    assert set(results["bicubic_psnr"]) == {"15", "25", "35"}
    text = (tmp_path / "results.md").read_text()
    assert f"| grouping | 37.41 | {second['psnr'][''][0]:.2f} (one seed) |" in text

    # killed before the last run was noted: only that is done again, from its checkpoint
    done = tmp_path / "runs" / "seed0" / "no-grouping" / "result.json"
    killed = tmp_path / "runs" / "seed0" / "grouping" / "result.json"
    before = done.stat().st_mtime_ns
    killed.unlink()
    again = run.run_ablations(tmp_path, seeds=1, **arguments)
    assert done.stat().st_mtime_ns == before
    assert again["tables"]["III"]["rows"] == results["tables"]["III"]["rows"]
    assert json.loads(killed.read_text())["resumed"]

    # another seed is another start; the first one's runs stay
    more = run.run_ablations(tmp_path, seeds=2, **arguments)
    assert done.stat().st_mtime_ns == before
    for old, new in zip(again["tables"]["III"]["rows"], more["tables"]["III"]["rows"], strict=True):
        assert new["psnr"][""][0] == old["psnr"][""][0] != new["psnr"][""][1]
        assert new["seeds"] == [0, 1]

    with pytest.raises(
        ValueError, match="built with other arguments .budget was .* choose another folder"
    ):
        run.run_ablations(tmp_path, **{**arguments, "budget": 1})


def test_a_row_that_was_not_run_is_said_to_be_not_run():
    def result(name, seed):
        if name != "fca2":
            return None
        figures = {f"crf{crf}": 30.0 + seed for crf in (15, 25, 35)}
        return {"run": name, "seed": seed, "psnr": figures, "ssim": figures}

    table = tables.fill_table("IV", 2, result)
    text = tables.table_text("IV", table)
    assert (
        "| frame encoding and CRF cleaning | 27.01 | 30.50 ± 0.71 | 30.50 ± 0.71 | 30.50 ± 0.71 |"
    ) in text
    assert "| CRF cleaning | 26.58 | not run | not run | not run |" in text
    assert "**Printed order not decided**: of 6 pairs of rows 0 as printed" in text
    assert table["deviation"] == {"crf15": pytest.approx(np.sqrt(0.5))}


def test_every_condition_of_table_v_counts():
    ranks = {"joint": 0, "finetune": 1, "fca2": 2}  # as printed

    def result(name, seed):
        figures = {f"crf{crf}": ranks[name] + 0.01 * seed for crf in (15, 25, 35)}
        if name == "joint":
            figures["crf35"] = 9.0
        return {"run": name, "seed": seed, "psnr": figures, "ssim": figures}

    order = tables.fill_table("V", 2, result)["order"]
    assert order["verdict"] == "refuted" and not order["undecided"]
    assert len(order["confirmed"]) == 7
    assert order["refuted"] == [
        ["pre-training", "joint training", "crf35"],
        ["pre-training and joint training", "joint training", "crf35"],
    ]
    text = tables.table_text("V", tables.fill_table("V", 2, result))
    assert (
        "2 the other way round (*pre-training* over *joint training* at CRF\N{NO-BREAK SPACE}35"
        in text
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tables": ["IIV"]}, "unknown table 'IIV'"),
        ({"seeds": 0}, "seeds must be at least 1"),
        ({"budget": 0}, "budget must be a share above 0"),
        ({"budget": float("nan")}, "budget must be a share above 0"),
    ],
)
def test_refuses_what_trains_nothing(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        run.run_ablations(tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


def test_the_command_passes_its_arguments_on(tmp_path, monkeypatch, capsys):
    taken = []
    monkeypatch.setattr(command, "run_ablations", lambda **given: taken.append(given))
    line = ["--out", str(tmp_path), "--tables", "III", "VI", "--seeds", "2"]
    assert command.main([*line, "--budget", "0.5", "--data", "there"]) == 0
    numbers = {"seeds": 2, "budget": 0.5}
    assert taken == [{"out": str(tmp_path), "tables": ["III", "VI"], **numbers, "data": "there"}]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tables", "II"], "error: unknown table 'II'"),
        (["--data", "nowhere"], "error: there is no folder nowhere/train/gt"),
        (["--out", "words"], "error: words"),
    ],
)
def test_wrong_input_is_one_line(tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words").write_text("not a folder")
    assert command.main(["--out", "new", *arguments]) == 2
    assert capsys.readouterr().err.startswith(sentence)
    assert not (tmp_path / "new").exists()
