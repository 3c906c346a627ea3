"""The printed tables: shapes, and every sum that the print allows to check."""

from statistics import fmean

import pytest

from fca2_plugin.apps.report.papers import COUNTED, TABLES, clip_mean, method_key


def cell(table, row, column):
    return TABLES[table].row(row).cells[column]


def test_every_table_is_there_and_full():
    papers = [(f"fca2-{n}", f"tgafnet-{n}") for n in range(1, 9)]
    assert set(TABLES) == {first for first, _ in papers} | {second for _, second in papers[:4]}
    assert {key: len(table.rows) for key, table in TABLES.items()} == {
        **{"fca2-1": 13, "fca2-2": 13, "fca2-3": 5, "fca2-4": 4, "fca2-5": 3, "fca2-6": 6},
        **{"fca2-7": 4, "fca2-8": 2},
        **{"tgafnet-1": 7, "tgafnet-2": 3, "tgafnet-3": 3, "tgafnet-4": 4},
    }
    for table in TABLES.values():
        assert len({method_key(row.name) for row in table.rows}) == len(table.rows)
        for row in table.rows:
            assert len(row.cells) == len(table.columns)


def test_figures_lie_where_they_can():
    for table in TABLES.values():
        for row in table.rows:
            for value in (c for c in row.cells.values() if len(c) == 2):
                if table.dataset == "mfqe":
                    assert -0.1 < value[0] < 2 and 0 < value[1] < 300
                else:
                    assert 19 < value[0] < 50 and 0.5 < value[1] < 1


def test_means_of_the_18_sequences():
    for row in TABLES["tgafnet-1"].rows:
        *clips, printed = list(row.cells.values())[:19]
        for index, tolerance in ((0, 0.00501), (1, 0.501)):
            mean = fmean(value[index] for value in clips)
            assert mean == pytest.approx(printed[index], abs=tolerance), row.name


@pytest.mark.parametrize(
    ("table", "differ"),
    [
        ("fca2-1", "EDVR IconVSR BasicVSR++ COMISR FTVSR STDF+BasicVSR++"),
        (
            "fca2-2",
            "BasicVSR++ RealBasicVSR STDF+BasicVSR STDF+BasicVSR++ STDF+FTVSR FCA2+BasicVSR",
        ),
    ],
)
def test_means_of_four_clips_agree_but_where_it_is_said(table, differ):
    found = {
        method_key(row.name) for row in TABLES[table].rows if clip_mean(row, "crf25") is not None
    }
    assert found == {method_key(name) for name in differ.split()}
    edvr = TABLES["fca2-1"].row("EDVR")
    assert clip_mean(edvr, "crf25") == pytest.approx(24.1975)
    assert clip_mean(edvr, "crf15") is None  # no clips printed


def test_tables_repeat_each_other():
    """The same setting stands in several tables of the paper."""
    wrapped = "FCA² + BasicVSR++"
    for crf in (15, 25, 35):
        assert cell("fca2-1", wrapped, f"crf{crf}") == cell("fca2-5", "pre-training", f"crf{crf}")
    best = "frame encoding and CRF cleaning"
    assert cell("fca2-4", best, "crf15") == cell("fca2-1", wrapped, "crf15")
    assert cell("fca2-4", best, "ms") == cell("fca2-1", wrapped, "ms")
    assert cell("fca2-4", "no encoding, no cleaning", "ms") == cell("fca2-1", "BasicVSR++", "ms")
    assert cell("fca2-6", "n_subs 9, n_ovls 3", "ms") == cell("fca2-1", "FCA² + BasicVSR", "ms")
    rebuilt = {
        cell("fca2-3", "grouping, flow, color", ""),
        cell("fca2-6", "n_subs 9, n_ovls 3", ""),
        cell("fca2-7", "decoder", ""),
    }
    assert rebuilt == {(45.86, 0.996)}
    assert cell("fca2-3", "grouping, flow", "") == cell("fca2-7", "none", "")
    for table in ("tgafnet-2", "tgafnet-3"):
        last = TABLES[table].rows[-1].name
        assert cell(table, last, "qp37") == cell("tgafnet-1", "TGAFNet", "qp37")
    assert cell("tgafnet-3", "TGAFNet", "params_k") == cell("tgafnet-4", "TGAFNet", "params_k")


def test_parameters_that_the_wrapping_adds():
    for table in ("fca2-1", "fca2-2"):
        for vsr in ("BasicVSR", "BasicVSR++", "FTVSR"):
            alone = cell(table, vsr, "params_m")[0]
            assert cell(table, f"FCA² + {vsr}", "params_m")[0] - alone == pytest.approx(3.3)
            assert cell(table, f"STDF + {vsr}", "params_m")[0] - alone == pytest.approx(1.1)


def test_counts_and_notes_belong_to_rows_and_tables():
    for name, millions in COUNTED.items():
        printed = cell("fca2-1", name, "params_m")[0]
        assert abs(millions - printed) > 0.1
    assert COUNTED["FCA² + BasicVSR"] == pytest.approx((6_291_311 + 3_466_621) / 1e6, abs=0.005)
    for table in TABLES.values():
        assert all(0 < number <= len(table.rows) for number in table.config_rows.values())
        assert all(len(note) > 20 for note in table.notes)  # a sentence, not the name of one


@pytest.mark.parametrize(
    "name", ["FCA² + BasicVSR++", "fca2+basicvsr-pp", "FCA2 BasicVSRPlusPlus", "FCA2_basicvsrpp"]
)
def test_one_method_by_many_names(name):
    assert TABLES["fca2-1"].row(name).name == "FCA² + BasicVSR++"
    assert TABLES["fca2-1"].row("bicubic") is None
