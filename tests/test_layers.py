"""The layer rules: who may import whom, and that the core lives without a host."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import run_python

PACKAGE = Path(__file__).parents[1] / "fca2_plugin"
HOSTS = {"mmagic", "mmengine", "mmcv", "basicsr"}
ADAPTERS = {"mmagic", "basicsr", "compat"}
# Layer: what it may import from this package beside itself and the private helpers (_*.py).
CORE = {
    "geometry": set(),
    "ops": {"geometry"},
    "layers": {"geometry", "ops"},
    "nets": {"geometry", "ops", "layers", "checkpoints", "losses"},
    "checkpoints": {"keymaps", "ops"},
    "keymaps": set(),
    "losses": {"ops", "layers"},
    "codec": set(),
    "data": {"codec", "geometry"},
    "metrics": {"ops", "checkpoints"},
    "inference": {"geometry", "ops", "nets", "checkpoints", "data"},
}
# What it may import only when it runs: the host of a config that the user names.
LAZY = {"inference": {"mmagic", "basicsr"}}
NO_TORCH = {"codec", "data"}
LAYERS = sorted(part for part in CORE if any(PACKAGE.glob(f"{part}*")))


def files(part: str) -> list[Path]:
    path = PACKAGE / part
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def parts() -> set[str]:
    """The top-level modules and packages of the library."""
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def module_of(path: Path) -> str:
    names = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def imports(path: Path, top_level_only: bool = False) -> Iterator[str]:
    """Dotted names that ``path`` imports, anywhere or only when it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    if top_level_only:
        functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        inside = {child for function in functions for child in ast.walk(function)}
        nodes = [node for node in nodes if node not in inside]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import, which these rules cannot see"
            # `from fca2_plugin import ops` imports fca2_plugin.ops
            own = node.module == "fca2_plugin"
            yield from (f"{node.module}.{a.name}" for a in node.names) if own else [node.module]


@pytest.mark.parametrize("part", LAYERS)
def test_imports_only_go_down(part):
    for path in files(part):
        for name in imports(path):
            root, *rest = name.split(".")
            if root != "fca2_plugin" or not rest or rest[0].startswith("_"):
                continue
            allowed = CORE[part] | {part} | LAZY.get(part, set())
            assert rest[0] in allowed, f"{path} imports {name}; {part} may import {sorted(allowed)}"


def test_only_the_adapters_import_a_host():
    for part in parts() - ADAPTERS:
        for path in files(part):
            hosts = {name for name in imports(path) if name.split(".")[0] in HOSTS}
            assert not hosts, f"{path} imports {hosts}"


def test_every_part_has_a_layer():
    others = {name for name in parts() if not name.startswith("_")} - set(CORE) - ADAPTERS
    assert others == {"apps", "cli"}, f"say in CORE what {others - {'apps', 'cli'}} may import"


def test_applications_import_adapters_only_when_they_run():
    for path in files("apps") + files("cli") + files("inference"):
        for name in imports(path, top_level_only=True):
            adapter = name.startswith("fca2_plugin.") and name.split(".")[1] in ADAPTERS
            assert not adapter, f"{path} imports {name} when it is imported"


def test_the_adapters_do_not_know_each_other():
    for one, other in ("mmagic", "basicsr"), ("basicsr", "mmagic"):
        for path in (PACKAGE / one).rglob("*.py"):
            foreign = {n for n in imports(path) if n.startswith((other, f"fca2_plugin.{other}"))}
            assert not foreign, f"{path} imports {foreign}"


def test_missing_imports_are_handled_in_one_place():
    for part in parts() - {"compat", "_optional"}:
        for path in files(part):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ExceptHandler) and node.type is not None:
                    caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
                    wrong = caught & {"ImportError", "ModuleNotFoundError"}
                    assert not wrong, f"{path}:{node.lineno} catches {wrong}; use _optional.require"


@pytest.mark.parametrize("part", [*LAYERS, "apps", "cli"])
def test_imports_in_a_fresh_interpreter_without_any_host(part):
    """A finder that refuses the hosts, then every module of the part."""
    blocked = HOSTS | ({"torch", "torchvision"} if part in NO_TORCH else set())
    # programs do their work under __main__, and are imported like any module
    modules = [module_of(path) for path in files(part)]
    run_python(
        "import importlib, sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {blocked}:\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"for name in {modules}:\n"
        "    importlib.import_module(name)\n"
    )


def test_importing_the_package_is_cheap():
    run_python(
        "import sys\n"
        "before = set(sys.modules)\n"
        "import fca2_plugin\n"
        "new = {name for name in set(sys.modules) - before if not name.startswith('importlib')}\n"
        "assert new == {'fca2_plugin'}, new\n"
        "assert fca2_plugin.__version__\n"
    )
