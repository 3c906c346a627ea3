"""The table of what can be exported to ONNX."""

from fca2_plugin.nets.zoo import ENHANCERS
from tests.conftest import require_host
from tools.export_table import networks, table_line


def test_a_line_says_how_or_why_not():
    graph = {"free_axes": ["height", "width"], "max_difference": 1.2e-7}
    exported = {"graphs": [graph], "not_exported": {}}
    assert table_line("a", "x", exported) == "| a | x | yes | any | 1e-07 |"
    failed = {"graphs": [], "not_exported": {"network": "it branches"}}
    assert table_line("b", "y", failed) == "| b | y | no: it branches | | |"


def test_every_network_is_tried():
    require_host("mmagic")
    require_host("basicsr")
    names = {(owner, name) for owner, name, _ in networks()}
    assert {("mmagic", "basicvsr"), ("basicsr", "basicvsr")} < names
    assert {("fca2_plugin", name) for name in ENHANCERS} < names
