"""The examples in the docstrings of what people call give what they show."""

import doctest
import importlib

import pytest

MODULES = (
    "geometry",
    "codec.roundtrip",
    "data.degrade",
    "data.footage",
    "inference.wrap",
    "metrics.protocols",
    "nets.fca2",
    "ops.color",
    "ops.warp",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name):
    module = importlib.import_module(f"fca2_plugin.{name}")
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed
