"""Options as tables in the words of the help."""

import argparse
from fractions import Fraction

import pytest

from fca2_plugin.cli._options import add_options


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser(prog="x")
    table = {
        "--name WORD": "a text (default: %(default)s)",
        "--chunk N": "a whole number",
        "--strength X": "a number",
        "--preview-start TIME": "a time",
        "--fps RATE": "a rate",
        "--clips NAME ...": "several",
        "--quiet": "a switch",
    }
    add_options(parser, table, name="one", preview_start=0.0)
    return parser


def test_the_name_of_a_value_says_what_it_is(parser):
    line = "--chunk 7 --strength 0.5 --preview-start 1:30 --fps 30000/1001 --clips a b --quiet"
    assert vars(parser.parse_args(line.split())) == {
        "name": "one",
        "chunk": 7,
        "strength": 0.5,
        "preview_start": 90.0,
        "fps": Fraction(30000, 1001),
        "clips": ["a", "b"],
        "quiet": True,
    }
    given = vars(parser.parse_args([]))
    assert given.pop("name") == "one" and given.pop("preview_start") == 0.0
    assert not given.pop("quiet") and set(given.values()) == {None}


def test_the_help_shows_what_the_table_says(parser):
    text = parser.format_help()
    assert "--clips NAME [NAME ...]" in text and "a text (default: one)" in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--chunk seven", "invalid int value: 'seven'"),
        ("--preview-start 1:2:3:4", "expected seconds or H:M:S, got '1:2:3:4'"),
        ("--fps 1/0", "expected a number of images a second such as 25, got '1/0'"),
    ],
)
def test_a_wrong_value_is_named(parser, capsys, line, message):
    with pytest.raises(SystemExit):
        parser.parse_args(line.split())
    assert message in capsys.readouterr().err


def test_a_default_needs_its_option():
    with pytest.raises(AssertionError, match="no option is called chunks"):
        add_options(argparse.ArgumentParser(), {"--chunk N": "frames"}, chunks=7)
