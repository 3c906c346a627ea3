"""A part of the corpus of files of every kind; ``tools/upscale_corpus.sh`` runs all of it."""

import re

import pytest

from fca2_plugin.cli import main
from tests.apps.upscale.corpus.cases import CASES, REFUSED, WORK, real_cases
from tests.apps.upscale.corpus.checks import prove
from tests.docs.pages import ROOT

KEPT = (
    "small.mp4",
    "uneven.mkv",
    "wrapping.ts",
    "5x9.mkv",
    "rotated-90.mp4",
    "grey-10.mkv",
    "hdr.mkv",
    "vp9.webm",
    "av1.mp4",
    "begins-open.mkv",
    "wmv2.wmv",
    "cover.mkv",
    "bitstream-hdr.ts",
    "jumping.vob",
    "pulldown.ts",
    "cut-off.mov",
)
LEFT = (
    "cut-off-late.mov",
    "cut-off.avi",
    "encrypted.mp4",
    "unknown.mp4",
    "no-frame.mp4",
    "sound.mkv",
)
PART = [
    *(case for case in WORK if case.name in KEPT),
    *(case for case in REFUSED if case.name in LEFT),
]


@pytest.mark.parametrize("case", PART, ids=lambda case: case.name)
def test_a_file(tmp_path, capfd, case):
    def run(arguments):
        capfd.readouterr()  # what the file's encoder said
        code = main(arguments)
        return code, *capfd.readouterr()

    assert prove(case, tmp_path / "case", run).problems == []


def test_the_part_and_the_whole():
    assert len(PART) == len(KEPT) + len(LEFT)
    assert (len(WORK), len(REFUSED)) > (30, 8)
    names = [(case.name, case.result, case.refusal is None) for case in CASES]
    assert len(set(names)) == len(names)


def test_the_document_names_tests_that_exist():
    text = (ROOT / "docs" / "video-corpus.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"`([A-Z])` is `(tests/\S+\.py)`", text))
    named = re.findall(r"`([A-Z]|tests/\S+\.py)::(test_\w+)`", text)
    assert len(named) > 20
    for file, name in named:
        assert f"def {name}(" in (ROOT / files.get(file, file)).read_text(encoding="utf-8")


def test_real_files_are_found(tmp_path):
    for name in ("a.mp4", "b.264", "c.avi", "notes.txt"):
        (tmp_path / name).touch()
    cases = real_cases([tmp_path])
    assert [(case.name, case.result) for case in cases] == [
        ("a.mp4", "out.mp4"),
        ("b.264", "out.mp4"),
        ("c.avi", "out.mkv"),
    ]


def test_what_is_wrong_is_noted(tmp_path):
    """A ``fca2`` that does nothing but say that all is well."""

    def run(arguments):
        return 0, "", ""

    kept = next(case for case in WORK if case.name == "silent.mp4")
    assert prove(kept, tmp_path / "kept", run).problems == ["exit code 0: "]
    refused = next(case for case in REFUSED if case.name == "text.mp4")
    problems = prove(refused, tmp_path / "refused", run).problems
    assert [problem.split(":")[0] for problem in problems[:2]] == [
        "exit code 0",
        "no single sentence",
    ]
