"""The quickstart's page: it holds the numbers, needs no other file, and refuses gaps."""

import base64
import copy
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from fca2_plugin.apps.report import CodesPicture, Comparison, pictures, results_table, write_report
from fca2_plugin.apps.report.pictures import busiest_crop

VOID = {"meta", "img", "source", "input", "br", "link"}


class Page(HTMLParser):
    """Checks that tags close in order; keeps texts, table cells, addresses and pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[tuple[str, bool]] = []  # text, bold
        self.texts: list[str] = []
        self.images: list[dict] = []
        self.addresses: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.addresses += [attrs[key] for key in ("src", "srcset", "href") if key in attrs]
        if tag == "img":
            self.images.append(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self.open:
            self.cells.append((data, "b" in self.open))


def model(ms, parameters, psnr, ssim):
    return {
        "ms_per_frame": ms,
        "parameters": parameters,
        "psnr_y": dict(zip(("15", "25", "35"), psnr, strict=True)),
        "ssim_y": dict(zip(("15", "25", "35"), ssim, strict=True)),
    }


@pytest.fixture
def results():
    return {
        "speed_ratio": 1.347,
        "crfs": [15, 25, 35],
        "bicubic": model(None, 0, (25.111, 24.222, 23.333), (0.7011, 0.6522, 0.6033)),
        "baseline": model(41.26, 1_234_567, (26.444, 25.555, 23.666), (0.7544, 0.7055, 0.6566)),
        "wrapped": model(30.63, 4_701_188, (26.777, 25.551, 23.999), (0.7577, 0.6988, 0.6599)),
    }


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def picture(rng, height=48, width=64):
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def decode(address):
    head, data = address.split(",", 1)
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_every_number_of_the_table(results, tmp_path):
    path = write_report(results, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "report.html"
    cells = Page(path.read_text(encoding="utf-8")).cells
    expected = [
        *("0", "–", "–", "25.11", "0.7011", "24.22", "0.6522", "23.33", "0.6033"),
        *("1,234,567", "41.3", "1.00×", "26.44", "0.7544", "25.55", "0.7055", "23.67", "0.6566"),
        *("4,701,188", "30.6", "1.35×", "26.78", "0.7577", "25.55", "0.6988", "24.00", "0.6599"),
    ]
    assert [text for text, _ in cells] == expected
    best = {"26.78", "0.7577", "25.55", "0.7055", "24.00", "0.6599"}
    assert {text for text, bold in cells if bold} == best


def test_weights_that_ship_stand_below(results, tmp_path):
    results["small"] = model(50.04, 292_536, (27.111, 25.222, 23.333), (0.7011, 0.7055, 0.6033))
    results["shipped"] = ["small"]
    page = Page(write_report(results, tmp_path).read_text(encoding="utf-8"))
    assert [text for text, _ in page.cells[-9:]] == [
        *("292,536", "50.0", "–", "27.11", "0.7011", "25.22", "0.7055", "23.33", "0.6033")
    ]
    assert ("27.11", True) in page.cells and ("26.78", False) in page.cells
    assert {"1.35×", "+0.22 dB", "+1.22 dB"} <= set(page.texts)  # of the two that were trained
    del results["small"]
    with pytest.raises(ValueError, match="small.parameters=None"):
        write_report(results, tmp_path)


def test_headline(results, tmp_path):
    texts = Page(write_report(results, tmp_path).read_text(encoding="utf-8")).texts
    assert {"1.35×", "+0.22 dB", "+1.22 dB"} <= set(texts)


def test_page_stands_alone(results, rng, tmp_path):
    frames = {"LQ": picture(rng, 12, 16), "SR": picture(rng), "GT": picture(rng)}
    codes = CodesPicture("Codes", [picture(rng)] * 3, [picture(rng)], [(0, 1, 2)])
    text = write_report(results, tmp_path, [Comparison("A", frames), codes]).read_text("utf-8")
    page = Page(text)
    assert not re.search(r"https?:|url\(|@import|<script|<link", text)
    assert all(decode(address).size for address in page.addresses)
    assert all(image.get("alt") for image in page.images)
    assert len(page.images) == 2 + (3 + 3) + (1 + 3)  # plots, comparison, codes
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_optional_parts(results, tmp_path):
    bare = write_report(results, tmp_path).read_text("utf-8")
    assert "What was run" not in bare and "Notes" not in bare and "How it was timed" not in bare
    timed = {"ms_per_frame": 7.25, "iqr_ms_per_frame": 0.5, "macs_per_frame": 1_500_000_000}
    results |= {
        "setup": {"data": "12 clips <b>& more</b>"},
        "notes": ["trained for minutes & not more"],
        "benchmark": {
            "device": "cpu x86_64",
            "torch": "2",
            "dtype": "float32",
            "shape": [1, 7, 3, 64, 64],
            "threads": 2,
            "repeats": 5,
            "peak_memory_note": "not measured",
            "models": {"baseline": {**timed, "peak_memory_mib": None}},
        },
    }
    text = write_report(results, tmp_path).read_text("utf-8")
    assert "12 clips &lt;b&gt;&amp; more&lt;/b&gt;" in text
    assert "minutes &amp; not more" in text
    assert "1×7×3×64×64" in text and "cpu x86_64, 2 threads" in text
    assert [cell for cell, _ in Page(text).cells[-4:]] == ["7.2", "0.5", "1.50", "–"]


def test_bicubic_may_have_a_time(results, tmp_path):
    results["bicubic"]["ms_per_frame"] = 0.84
    cells = Page(write_report(results, tmp_path).read_text("utf-8")).cells
    assert cells[1] == ("0.8", False)


def test_terminal_table_holds_the_numbers_in_80_columns(results):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(results_table(results))
    text = console.export_text()
    for said in ("4,701,188", "30.6", "1.35×", "26.78", "0.7577", "CRF\N{NO-BREAK SPACE}35"):
        assert said in text
    assert "…" not in text


@pytest.mark.parametrize(
    "gap",
    [
        ("speed_ratio",),
        ("crfs",),
        ("wrapped",),
        ("baseline", "ms_per_frame"),
        ("bicubic", "parameters"),
        ("wrapped", "psnr_y", "25"),
        ("bicubic", "ssim_y"),
    ],
)
def test_a_gap_is_named_and_nothing_written(results, gap, tmp_path):
    broken = copy.deepcopy(results)
    place = broken
    for key in gap[:-1]:
        place = place[key]
    del place[gap[-1]]
    with pytest.raises(ValueError, match=re.escape(".".join(gap))):
        write_report(broken, tmp_path / "out")
    with pytest.raises(ValueError, match="expected"):
        results_table(broken)
    assert not (tmp_path / "out").exists()


def test_a_failed_write_leaves_the_old_page(results, tmp_path, monkeypatch):
    write_report(results, tmp_path).write_text("old", encoding="utf-8")

    def full(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_report(results, tmp_path)
    assert (tmp_path / "report.html").read_text("utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_crops_line_up(rng, monkeypatch):
    monkeypatch.setattr(pictures, "busiest_crop", lambda frame: (5, 6, 10, 11))
    gt = picture(rng)
    shown = Comparison("A", {"LQ": gt[::4, ::4], "GT": gt}).crops()
    assert np.array_equal(shown["GT"], gt[5:15, 6:17])
    rows, columns = np.arange(5, 15) // 4 * 4, np.arange(6, 17) // 4 * 4
    assert np.array_equal(shown["LQ"], gt[rows][:, columns])


def test_busiest_crop_finds_the_texture(rng):
    frame = np.full((120, 160, 3), 90, np.uint8)
    frame[70:100, 110:140] = picture(rng, 30, 30)
    y, x, h, w = busiest_crop(frame)
    assert h == w == 40
    assert y <= 70 and x <= 110 and y + h >= 100 and x + w >= 140
    assert busiest_crop(frame[:9, :7]) == (0, 0, 7, 7)


@pytest.mark.parametrize("size", [(3, 8), (4, 8)])
def test_frames_of_sizes_that_do_not_fit(size):
    frames = {"LQ": np.zeros((*size, 3), np.uint8), "GT": np.zeros((8, 8, 3), np.uint8)}
    with pytest.raises(ValueError, match=rf"{size[0]}x8 pixels and the ground truth 8x8; .*whole"):
        Comparison("A", frames)
