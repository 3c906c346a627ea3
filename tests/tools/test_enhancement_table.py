"""Enhancement networks in turns."""

import json
import math

import pytest

from fca2_plugin.apps.report import paper_rows, results
from tools.enhancement_table import main, run_enhancement

SIZES = {"D": (32, 24), "C": (40, 32)}


def test_what_comes_back():
    found = run_enhancement(["dcad", "stdf-r3"], SIZES, repeats=1)
    dcad, stdf = found["networks"].values()
    assert (dcad["params"], stdf["params"]) == (296_641, 364_510)
    for label, (width, height) in SIZES.items():
        values = dcad["sizes"][label]
        assert values["size"] == [width, height]
        # 10 convolutions 3x3 of 64 channels, and one channel at both ends
        assert values["macs_per_frame"] == 9 * (8 * 64 * 64 + 2 * 64) * width * height
        assert math.isclose(values["fps"], 1000 / values["ms_per_frame"])


def test_the_reports_table_iv(tmp_path):
    found = run_enhancement(["tgafnet-1sdcb", "stdf-r3l"], {"D": (32, 24)}, repeats=1)
    (tmp_path / "b.json").write_text(json.dumps(found))
    views = paper_rows.paper_views(results.read_results([tmp_path / "b.json"]))
    table, view = views[0]
    assert [len(views), table.key] == [1, "tgafnet-4"]
    ours = {line.head: line for line in view.lines if line.kind == "measured"}
    stdf = found["networks"]["stdf-r3l"]
    cells = [cell.text for cell in ours["stdf-r3l"].cells]
    gmacs = stdf["sizes"]["D"]["macs_per_frame"] / 1e9
    assert cells[:2] == ["1275", f"{gmacs:.1f}"]
    assert cells[3] == f"{stdf['sizes']['D']['fps']:.2f}"
    heads = [line.head for line in view.lines]
    assert heads.index("stdf-r3l") == heads.index("STDF-R3L") + 1


def test_the_command(tmp_path, capsys):
    path = tmp_path / "b.json"
    assert main(["dcad", "--size", "32x24", "--repeats", "1", "--json", str(path)]) == 0
    assert "296,641" in capsys.readouterr().out
    assert set(json.loads(path.read_text())["networks"]["dcad"]["sizes"]) == {"32x24"}


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        (["tgafnett"], {}, "did you mean 'tgafnet'"),
        (["dcad", "dcad"], {}, "names a network twice"),
        (["dcad"], {"frames": 0}, "frames and repeats must be at least 1, got 0"),
    ],
)
def test_wrong_input(names, settings, message):
    with pytest.raises(ValueError, match=message):
        run_enhancement(names, SIZES, **settings)


def test_wrong_input_is_one_line(capsys):
    assert main(["stdf-r9"]) == 2
    assert capsys.readouterr().err.startswith("error: unknown enhancement network 'stdf-r9'")
