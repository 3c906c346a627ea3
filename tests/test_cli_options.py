"""Options as tables in the words of the help."""

import argparse
import importlib
import inspect
import re
from fractions import Fraction

import pytest

from fca2_plugin.cli._options import add_options, given


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser(prog="x")
    table = {
        "source IN ...": "positional",
        "out": "positional, too",
        "--name WORD": "a text",
        "--chunk N": "a whole number",
        "--strength X": "a number",
        "--preview-start TIME": "a time",
        "--fps RATE": "a rate",
        "--size WxH": "a size",
        "--clips NAME ...": "several",
        "--to here|there": "one of two",
        "--fca2 [fast]": "with a value or without",
        "--quiet": "a switch",
    }
    add_options(parser, table, required=["--to"])
    return parser


def test_an_argument_is_what_its_table_shows(parser):
    line = (
        "a b c --chunk 7 --strength 0.5 --preview-start 1:30 --fps 30000/1001 --size 180X144 "
        "--clips d e --to here --fca2 --quiet"
    )
    assert vars(parser.parse_args(line.split())) == {
        "source": ["a", "b"],
        "out": "c",
        "name": None,
        "chunk": 7,
        "strength": 0.5,
        "preview_start": 90.0,
        "fps": Fraction(30000, 1001),
        "size": (180, 144),
        "clips": ["d", "e"],
        "to": "here",
        "fca2": "fast",
        "quiet": True,
    }
    args = parser.parse_args("a b --to there --fca2 tiny_fast".split())
    assert given(args, vars(args)) == {
        **{"source": ["a"], "out": "b", "to": "there", "fca2": "tiny_fast", "quiet": False}
    }


def test_the_help_shows_what_the_table_says(parser):
    text = parser.format_help()
    for said in ("--clips NAME [NAME ...]", "--to {here,there}", "--fca2 [fast]", "one of two"):
        assert said in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--to here --chunk seven", "invalid int value: 'seven'"),
        ("--to here --preview-start 1:2:3:4", "expected seconds or H:M:S, got '1:2:3:4'"),
        ("--to here --fps 1/0", "expected a number of images a second such as 25, got '1/0'"),
        ("--to nowhere", "invalid choice: 'nowhere'"),
        ("", "the following arguments are required: --to"),
    ],
)
def test_a_wrong_value_is_named(parser, capsys, line, message):
    with pytest.raises(SystemExit):
        parser.parse_args(["a", "b", *line.split()])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("text", ["180", "180x", "axb", "180x144x3", "0x4", "-3x4", ""])
def test_a_size_that_is_none(parser, capsys, text):
    with pytest.raises(SystemExit):
        parser.parse_args(["a", "b", "--to", "here", f"--size={text}"])
    assert f"such as 180x144, got {text!r}" in capsys.readouterr().err


#: What each verb's options become, for those that its application has under the same name.
APPLICATIONS = {
    "benchmark": ("apps.benchmark.networks.Choice", "apps.benchmark.run.Setting"),
    "evaluate": ("apps.evaluate.evaluate",),
    "export": ("apps.export.export_onnx",),
    "mfqe": ("data.mfqe_build.build_mfqe",),
    "quickstart": ("apps.quickstart.run_quickstart",),
    "serve": ("apps.serve.open_server",),
    "upscale": ("apps.upscale.UpscaleOptions",),
    "encode": ("data.encode_tree",),
}


@pytest.mark.parametrize("verb", APPLICATIONS)
def test_the_help_names_the_application_s_defaults(verb):
    """A default stands in the application; the help says it in words."""
    module = importlib.import_module(f"fca2_plugin.cli.{verb}")
    said = {}
    for table in module.OPTIONS.values():
        for argument, about in table.items():
            if found := re.search(r"\(default: ([\w.-]+)\)|(\w+) \(default\)", about):
                said[argument.split()[0].strip("-").replace("-", "_")] = found[1] or found[2]
    checked = []
    for place in APPLICATIONS[verb]:
        name, _, function = f"fca2_plugin.{place}".rpartition(".")
        application = getattr(importlib.import_module(name), function)
        for key, parameter in inspect.signature(application).parameters.items():
            default = parameter.default
            if key in said and default is not None and key not in ("fca2", "size"):
                assert said[key] == str(default), key
                checked.append(key)
    assert checked, said
