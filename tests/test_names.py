"""One name for one thing: class names over the package, and nothing that only tests call."""

import ast
from collections import Counter
from pathlib import Path

from tests.conftest import SLOW

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fca2_plugin"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
#: What a host, a library or the command line calls by its name.
CALLED_BY_OTHERS = {
    *("before_train", "after_train", "after_train_iter", "after_test_epoch"),
    *("before_save_checkpoint", "setup_optimizers", "model_ema", "nondist_validation"),
    *("find_class", "extra_repr", "add_arguments", "run"),
    "load_data_list",
}
#: Called by templates, by tools/, and by people.
OFFERED = {"build_enhancer", "clip_size", "crops", "count_macs", "ship", "table_markdown"}


def test_no_two_classes_have_one_name():
    """The adapters offer the same names on purpose."""
    names = Counter()
    for path, tree in TREES.items():
        if path.relative_to(PACKAGE).parts[0] not in ("mmagic", "basicsr"):
            names.update(node.name for node in tree.body if isinstance(node, ast.ClassDef))
    assert not {name: count for name, count in names.items() if count > 1}


def used_names() -> set[str]:
    """Every name and attribute that the package reads; imports and ``__all__`` are no use."""
    used = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr"):
                used.update(arg.value for arg in node.args if isinstance(arg, ast.Constant))
    return used


def test_nothing_is_there_for_tests_alone():
    used = used_names() | CALLED_BY_OTHERS | OFFERED
    unused = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("__")
        and node.name not in used
    }
    assert not unused


def test_what_is_called_slow_is_there():
    assert [name for name in SLOW if not (ROOT / "tests" / name).exists()] == []
