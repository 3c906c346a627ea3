"""``fca2 report``: files in, page and Markdown out, our rows where they belong, bad input."""

import json
import re

import numpy as np
import pytest

from fca2_plugin.apps.report import Comparison, TemporalProfile, codes_picture, write_results
from fca2_plugin.apps.report.footage import evaluated_network
from fca2_plugin.apps.report.page import Report, Section
from fca2_plugin.apps.report.paper_rows import paper_views
from fca2_plugin.apps.report.results import Evaluation, read_results
from fca2_plugin.cli import main
from fca2_plugin.data import write_frames
from fca2_plugin.nets import FCA2Net, FrameAutoencoder
from tests.apps.report.test_run_page import Page

VID4 = ("calendar", "city", "foliage", "walk")


def scores(psnr, frames=()):
    values = {"psnr": psnr, "ssim": psnr / 40, "num_frames": 3}
    return {**values, "frames": {"psnr": list(frames)}} if frames else values


def evaluation(method="bicubic", clips=VID4, conditions=("crf15", "crf25", "crf35"), **more):
    by_condition = {}
    for lower, condition in enumerate(conditions):
        found = {c: scores(25 + i - lower, (24, 25, 26)) for i, c in enumerate(clips)}
        by_condition[condition] = {**scores(26.5 - lower), "clips": found}
    first = by_condition[conditions[0]]
    return {
        "kind": "evaluate",
        "schema": 1,
        "method": method,
        "dataset": "my-vid4",
        "protocol": {"name": "cvsr-y"},
        "source": {},
        "ms_per_frame": None,
        **{"psnr": first["psnr"], "ssim": first["ssim"], "clips": first["clips"]},
        "conditions": by_condition if conditions != ("",) else {},
        **more,
    }


def network(ms, params):
    return {
        **{"ms_per_frame": ms, "iqr_ms_per_frame": 0.5, "macs_per_frame": int(ms * 1e9)},
        **{"peak_mib": 100.0 + ms, "params": params},
    }


def benchmark(frames=7, size=(180, 144), **more):
    return {
        **{"kind": "benchmark", "schema": 1, "network": "BasicVSRPlusPlusNet", "host": "mmagic"},
        **{"device": "cpu x", "frames": frames, "size": list(size), "n_subs": 9, "n_ovls": 3},
        **{"baseline": network(40.0, 7_300_000), "wrapped": network(20.0, 10_800_000)},
        **{"speed_ratio": 2.0, "num_passes": 3, **more},
    }


@pytest.fixture
def write(tmp_path):
    def write(content, name="r.json"):
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return path

    return write


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def rows(path, key, all_tables=False):
    """Lines of a table as (head, kind, texts)."""
    views = {table.key: view for table, view in paper_views(read_results([path]), all_tables)}
    if key not in views:
        return None
    return [(line.head, line.kind, [c.text for c in line.cells]) for line in views[key].lines]


def test_page_and_markdown(write, tmp_path):
    files = [
        write(evaluation(), "a.json"),
        write(evaluation("FCA2+BasicVSR++", ms_per_frame=55.5), "b.json"),
        write(benchmark(), "c.json"),
    ]
    page, text = write_results(files, tmp_path / "new" / "out")
    html_text, markdown = page.read_text("utf-8"), text.read_text("utf-8")
    assert not re.search(r"https?:|url\(|@import|<script|<link", html_text)
    parsed = Page(html_text)
    assert all(address.startswith("data:image/") for address in parsed.addresses)
    assert all(image.get("alt") for image in parsed.images)
    for said in ("2.00×", "FCA² Table I: ", "21.69 / 0.672", "10.80", "26.00 / 0.650", "CRF"):
        assert any(said in piece for piece in parsed.texts), said
    assert "Table II" not in html_text and "Table II" not in markdown
    assert "| EDVR *(printed)* |" in markdown and "| bicubic **(measured)** |" in markdown
    assert "--save" in html_text  # no frames were kept
    assert sorted(file.name for file in page.parent.iterdir()) == ["report.html", "report.md"]
    before = html_text
    write_results(files, page.parent)
    assert page.read_text("utf-8") == before


def test_other_measures_have_a_table_of_their_own(write, tmp_path):
    files = []
    for method, tof in ("bicubic", 0.5731), ("mine", 0.4702):
        content = evaluation(method, conditions=("crf15", "crf25"))
        content["conditions"]["crf15"].update(tof=tof, vmaf=100 * tof)
        files.append(write(content, f"{method}.json"))
    page, text = write_results(files, tmp_path)
    markdown = text.read_text("utf-8")
    assert "|  | CRF\N{NO-BREAK SPACE}15 tOF | CRF\N{NO-BREAK SPACE}15 VMAF |" in markdown
    assert "| bicubic | 0.573 | **57.31** |" in markdown
    assert "| mine | **0.470** | 47.02 |" in markdown
    assert "Lower is better for tOF." in markdown
    assert "0.470" in page.read_text("utf-8")
    write_results([write(evaluation())], tmp_path)
    assert "Other measures" not in text.read_text("utf-8") + page.read_text("utf-8")


def test_our_row_stands_under_its_printed_one_and_others_at_the_end(write):
    path = write(evaluation("fca2+basicvsr-pp", params=10_789_548, ms_per_frame=123.4))
    lines = rows(path, "fca2-1")
    at = [head for head, *_ in lines].index("FCA² + BasicVSR++")
    assert lines[at][1] == "printed" and lines[at + 1][1] == "measured"
    assert lines[at + 1][2] == [
        *("10.79", "123", "24.00 / 0.600", "25.00 / 0.625", "26.00 / 0.650", "27.00 / 0.675"),
        *("26.50 / 0.662", "25.50 / 0.637", "24.50 / 0.613"),
    ]
    assert rows(write(evaluation("mine")), "fca2-1")[-1][:2] == ("mine", "measured")
    printed = [line for line in lines if line[1] == "printed"]
    assert printed[1][2][0] == "5.9" and printed[7][2][0] == "7.0"


def test_counts_and_means_that_disagree_stand_beside_the_print(write):
    views = dict(
        (table.key, view) for table, view in paper_views(read_results([write(evaluation())]))
    )
    notes = {line.head: [cell.note for cell in line.cells] for line in views["fca2-1"].lines}
    assert notes["BasicVSR"][0] == "counted 6.29" and notes["EDVR"][7] == "clips: 24.20"
    assert not any(notes["RealBasicVSR"])


def test_a_mean_needs_every_clip(write):
    cells = rows(write(evaluation(clips=VID4[:2])), "fca2-1")[-1][2]
    assert cells == ["–", "–", "24.00 / 0.600", "25.00 / 0.625", *["–"] * 5]


def test_another_protocol_or_other_clips_have_no_row(write):
    assert rows(write(evaluation(protocol={"name": "rgb"})), "fca2-1") is None
    assert rows(write(evaluation(clips=("a", "b"))), "fca2-1") is None
    assert rows(write(evaluation(clips=("a", "b"))), "fca2-1", all_tables=True)[-1][1] == "printed"
    reds4 = write(evaluation(clips=("000", "011", "015", "020")))
    assert rows(reds4, "fca2-2")[-1][1] == "measured"


def test_all_tables(write):
    assert len(paper_views(read_results([write(benchmark())]), all_tables=True)) == 12


def test_configs_have_their_rows(write):
    source = {"config": "configs/mmagic/fca2/ablations/table6_s12o4.py", "lq": "gt"}
    path = write(evaluation("ae", conditions=("",), source=source))
    lines = rows(path, "fca2-6")
    at = [head for head, *_ in lines].index("n_subs 12, n_ovls 4")
    assert lines[at + 1] == ("n_subs 12, n_ovls 4", "measured", ["26.50 / 0.662", "–"])
    source = {"config": "fca2-autoencoder_s9o3_2xb4-400k_reds.py"}
    lines = rows(write(evaluation("ae", conditions=("",), source=source)), "fca2-8")
    assert [kind for _, kind, _ in lines] == ["printed", "printed", "measured"]


def test_benchmarks_have_rows_at_the_data_set_s_size_only(write):
    lines = rows(write(benchmark()), "fca2-1")
    ours = [line for line in lines if line[1] == "measured"]
    assert [(head, cells[:2]) for head, _, cells in ours] == [
        ("BasicVSR++", ["7.30", "40"]),
        ("FCA² + BasicVSR++", ["10.80", "20"]),
    ]
    assert rows(write(benchmark(size=(64, 64))), "fca2-1") is None
    assert rows(write(benchmark(tiny=True)), "fca2-1") is None


def test_enhancement_turns_the_table(write):
    clip = "BQSquare_416x240_600"
    gains = {"psnr": 30.0, "ssim": 0.9, "delta_psnr": 0.5, "delta_ssim_1e4": 100.0, "num_frames": 3}
    content = evaluation("mine", conditions=("qp37",), protocol={"name": "mfqe"})
    content["conditions"]["qp37"] |= {
        **gains,
        "clips": {clip: gains, "RaceHorses_832x480_300": gains},
    }
    lines = rows(write(content), "tgafnet-1")
    by_clip = {head: cells for head, _, cells in lines}
    assert by_clip["BQSquare, QP\N{NO-BREAK SPACE}37"][-2:] == ["1.22 / 159", "0.50 / 100"]
    assert by_clip["RaceHorses_C, QP\N{NO-BREAK SPACE}37"][-1] == "0.50 / 100"
    assert by_clip["RaceHorses_D, QP\N{NO-BREAK SPACE}37"][-1] == "–"
    page, _ = write_results([write(content)], write(content).parent / "out")
    assert "ΔPSNR" in page.read_text("utf-8")
    for key in ("delta_psnr", "delta_ssim_1e4"):
        del gains[key]
    content["conditions"]["qp37"]["clips"] = {clip: gains}
    assert rows(write(content), "tgafnet-1") is None  # no input, no gain


def test_files_of_one_method_become_one_row(write, tmp_path):
    files = []
    for crf in (25, 35):
        content = evaluation(conditions=("",), source={"lq": f"data/lq_crf{crf}"})
        files.append(write(content, f"{crf}.json"))
    (one,) = read_results(files).evaluations
    assert sorted(one.means) == ["crf25", "crf35"]
    with pytest.raises(ValueError, match=r"again.json repeats bicubic on my-vid4 at crf25"):
        read_results([files[0], write(content | {"source": {"lq": "crf25"}}, "again.json")])


def test_the_quickstart_s_results(write, tmp_path):
    model = {"ms_per_frame": 2.0, "parameters": 5, "psnr_y": {"25": 30.0}, "ssim_y": {"25": 0.9}}
    content = {"speed_ratio": 1.5, "crfs": [25]}
    content |= {name: model for name in ("bicubic", "baseline", "wrapped")}
    page, _ = write_results([write(content)], tmp_path / "out")
    assert "wrapped (quickstart)" in page.read_text("utf-8")
    del content["wrapped"]["psnr_y"]
    with pytest.raises(ValueError, match=r"r.json has bicubic.psnr_y"):
        read_results([write(content)])


def test_pictures_from_the_frames(write, rng, tmp_path):
    names = {"gt": (48, 64), "lq_crf25": (12, 16), "sr/crf25": (48, 64)}
    for name, (height, width) in names.items():
        frames = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(3)]
        write_frames(tmp_path / name / "calendar", frames)
    source = {"lq": str(tmp_path / "lq_crf25"), "gt": str(tmp_path / "gt")}
    content = evaluation(clips=("calendar",), source=source, frames_dir=str(tmp_path / "sr"))
    page, _ = write_results([write(content)], tmp_path / "out")
    images = [image["alt"] for image in Page(page.read_text("utf-8")).images]
    for label in ("LQ", "bicubic", "GT"):
        for what in ("the whole frame", "the marked window", "a column over time"):
            assert f"{what}, {label}" in images
    assert "--save" not in page.read_text("utf-8")


def test_codes_of_the_network_that_was_evaluated(write, rng, tmp_path, monkeypatch):
    net = FCA2Net(autoencoder=FrameAutoencoder(mid_channels=4, num_blocks=1, flow_mode=None))
    monkeypatch.setattr("fca2_plugin.inference.load.load_network", lambda *files: net)
    files = {key: str(write({}, key)) for key in ("config", "checkpoint")}
    one = Evaluation("m", "d", "cvsr-y", sources={"crf25": files})
    frames = list(rng.integers(0, 256, (9, 8, 8, 3), dtype=np.uint8))
    assert evaluated_network(one, "crf25") is net
    shown = codes_picture("title", net, frames)
    assert len(shown.frames) == 7 and [list(held) for held in shown.holds] == [
        [0, 1, 2],
        [2, 3, 4],
        [4, 5, 6],
    ]
    assert evaluated_network(one, "crf35") is None
    net.autoencoder = None
    assert evaluated_network(one, "crf25") is None


def test_a_comparison_offers_every_method_on_both_sides(rng):
    frames = {n: rng.integers(0, 256, (8, 8, 3), dtype=np.uint8) for n in ("LQ", "A<b>", "GT")}
    text = Report("", "", [], [Section("x", [Comparison("x", frames)])]).html()
    assert text.count("<select") == 2 and text.count("<option") == 6
    assert text.count("<option selected>") == 2 and "A<b>" not in text
    assert 'class="left" data-name="LQ"' in text and 'class="right" data-name="A&lt;b&gt;"' in text


def test_a_profile_is_the_column(rng):
    frames = [rng.integers(0, 256, (8, 6, 3), dtype=np.uint8) for _ in range(4)]
    strip = TemporalProfile.strip(frames, 5, slice(2, 7), 8)
    assert strip.shape == (5, 4, 3)
    assert np.array_equal(strip[:, 3], frames[3][2:7, 5])
    small = TemporalProfile.strip([frame[::2, ::2] for frame in frames], 5, slice(2, 7), 8)
    assert np.array_equal(small[:, 0], frames[0][[2, 2, 4, 4, 6], 4])


def test_sweeps_are_drawn(write, tmp_path):
    sweep = {"kind": "benchmark_sweep", "schema": 1, "sweep": "frames"}
    sweep["points"] = [benchmark(frames=n) for n in (10, 50)]
    page, text = write_results([write(sweep)], tmp_path / "out")
    assert "Over frames, as Fig. 10" in page.read_text("utf-8")
    assert "50 of 180×144" in text.read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], r"r.json contains a list; expected a file of fca2 evaluate"),
        ({"kind": "evaluat"}, r"r.json is of kind 'evaluat'; expected"),
        ({}, "of kind None"),
        ({**evaluation(), "schema": 2}, r"schema 2 and this version reads 1; .* fca2 evaluate"),
        ({**benchmark(), "schema": None}, "write it again with this version's fca2 benchmark"),
        ({**evaluation(), "method": None}, "r.json has method=None; expected a text"),
        ({**evaluation(), "conditions": {"crf25": 3}}, "has 3 instead of psnr and ssim"),
        (
            {**evaluation(), "conditions": {"crf25": {"psnr": "x", "ssim": 1}}},
            "r.json has psnr='x'; expected a number",
        ),
        (
            {**evaluation(), "conditions": {"crf25": {"psnr": 1, "ssim": 1}}},
            "has clips=None; expected an object",
        ),
        ({**benchmark(), "wrapped": None}, "has wrapped=None; expected an object"),
        ({**benchmark(), "speed_ratio": True}, "has speed_ratio=True; expected a number"),
        (
            {"kind": "benchmark_sweep", "schema": 1, "sweep": "frames", "points": [{}]},
            "has baseline=None",
        ),
    ],
)
def test_a_bad_file_is_one_sentence_and_nothing_is_written(write, tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        write_results([write(content)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_json_no_file_no_place(write, tmp_path, capsys):
    broken = tmp_path / "x.json"
    broken.write_text("{")
    with pytest.raises(ValueError, match=r"x.json is not a JSON file"):
        read_results([broken])
    with pytest.raises(FileNotFoundError, match=r"there is no file .*gone.json"):
        read_results([tmp_path / "gone.json"])
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    assert main(["report", "--results", str(write(benchmark())), "--out", str(out)]) == 2
    assert "report.html cannot be written" in capsys.readouterr().err


def test_the_command(write, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["report", "--results", str(write(benchmark())), "--out", str(out)]) == 0
    assert "report.md" in capsys.readouterr().out.replace("\n", "")


def test_adaptive_groups_are_shown(tmp_path):
    content = evaluation(method="adaptive")
    plans = [
        {"first_frame": 0, "sizes": [3, 5, 1], "cuts": [8]},
        {"first_frame": 9, "sizes": [7], "cuts": []},
    ]
    content["conditions"]["crf25"]["clips"]["city"]["plans"] = plans
    (tmp_path / "a.json").write_text(json.dumps(content))
    page, text = write_results([tmp_path / "a.json"], tmp_path / "out")
    assert "| city, adaptive | 0.25: 3 5 \\| 1 / 7 |" in text.read_text()
    assert "Adaptive groups" in page.read_text()
    del plans[0]["sizes"]
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"a.json has sizes=None; expected a list"):
        read_results([tmp_path / "a.json"])
