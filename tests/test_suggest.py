"""Answers to misspelt names and to packages that are not installed."""

import json

import pytest

from fca2_plugin._optional import require
from fca2_plugin._suggest import check_choice, did_you_mean


def test_a_close_name_is_suggested():
    assert did_you_mean("clening", ["cleaning", "vsr"]) == " (did you mean 'cleaning'?)"


def test_otherwise_all_names_are_listed_in_order():
    assert did_you_mean("zzz", ["vsr", "joint"]) == " (expected one of joint, vsr)"


def test_names_of_other_types_are_answered_too():
    assert did_you_mean(3, (name for name in ("a", "b"))) == " (expected one of a, b)"


@pytest.mark.parametrize("choices", [("concat", "recurrent"), {"concat": 1}])
def test_a_known_choice_is_returned(choices):
    assert check_choice("flow_mode", "concat", choices) == "concat"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("recurent", r"unknown flow_mode 'recurent' \(did you mean 'recurrent'\?\)"),
        (None, r"unknown flow_mode None \(expected one of concat, recurrent\)"),
    ],
)
def test_an_unknown_choice_raises(name, answer):
    with pytest.raises(ValueError, match=answer):
        check_choice("flow_mode", name, (choice for choice in ("concat", "recurrent")))


def test_an_installed_package_is_imported():
    assert require("json", "dev") is json


@pytest.mark.parametrize("module", ["no_such_package_x", "json.no_such_module_x"])
def test_a_missing_package_is_answered_with_the_line_that_installs_it(module):
    with pytest.raises(
        ModuleNotFoundError, match=rf"{module} is needed .* -m pip install .*mmagic"
    ):
        require(module, "mmagic")


def test_a_package_of_another_version_is_answered_with_the_line_that_changes_it(monkeypatch):
    monkeypatch.setattr("fca2_plugin._optional.misfit", lambda module, extra: "av>=17.1")
    with pytest.raises(ImportError, match="this needs av>=17.1, but another version .*pip install"):
        require("json", "video")


def test_a_hundred_choices_are_not_listed():
    assert did_you_mean("zzz", (f"a{i}" for i in range(100))) == ""
    assert did_you_mean("a1x", (f"a{i}" for i in range(100))) == " (did you mean 'a1'?)"
