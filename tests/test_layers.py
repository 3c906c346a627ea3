"""The layer rules: who may import whom, and that the core lives without a host."""

import ast
import sys
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
    "inference": {"geometry", "ops", "nets", "checkpoints", "data", "metrics"},
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


def test_adapters_and_compat_stand_on_the_core_alone():
    allowed = {"mmagic": {*CORE, "mmagic", "compat"}, "basicsr": {*CORE, "basicsr", "compat"}}
    allowed["compat"] = {"checkpoints", "compat", "ops"}
    for adapter, parts_below in allowed.items():
        for path in files(adapter):
            for name in imports(path):
                root, *rest = name.split(".")
                if root == "fca2_plugin" and rest and not rest[0].startswith("_"):
                    assert rest[0] in parts_below, f"{path} imports {name}"


def test_applications_do_not_know_the_command_line():
    for path in files("apps"):
        assert not [name for name in imports(path) if name.startswith("fca2_plugin.cli")], path


#: What networks share, and what puts networks together; no other network knows another one.
NET_BASES = {"codes", "enhancer", "fitted", "spec"}
NET_ASSEMBLY = {"__init__", "build", "pretrained", "staged", "zoo"}


def test_networks_do_not_know_each_other():
    for path in files("nets"):
        if path.stem in NET_ASSEMBLY:
            continue
        for name in imports(path):
            if name.startswith("fca2_plugin.nets"):
                base = name.removeprefix("fca2_plugin.nets").strip(".")
                assert base in NET_BASES, f"{path} imports {name}; networks share {NET_BASES}"


def host_names(tree: ast.AST) -> set[str]:
    """What a file calls the modules, classes and functions that it has from a host."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(a.asname or a.name).split(".")[0] for a in node.names if is_host(a.name)}
        elif isinstance(node, ast.ImportFrom) and is_host(node.module or ""):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def is_host(name: str) -> bool:
    return name.split(".")[0] in HOSTS


def changed(node: ast.AST) -> Iterator[ast.expr]:
    """What a statement or a call sets an attribute of."""
    if isinstance(node, ast.Assign | ast.Delete):
        yield from (one.value for one in node.targets if isinstance(one, ast.Attribute))
    elif isinstance(node, ast.AugAssign | ast.AnnAssign) and isinstance(node.target, ast.Attribute):
        yield node.target.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("setattr", "delattr") and node.args:
            yield node.args[0]


@pytest.mark.parametrize("part", sorted(parts() - {"compat"}))
def test_only_compat_changes_a_host(part):
    for path in files(part):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert "unittest" not in {name.split(".")[0] for name in imports(path)}, path
        hosts = host_names(tree)
        for node in ast.walk(tree):
            for place in changed(node):
                while isinstance(place, ast.Attribute):
                    place = place.value
                wrong = isinstance(place, ast.Name) and place.id in hosts
                assert not wrong, f"{path}:{node.lineno} changes {place.id}; that is compat's work"


def test_a_change_of_a_host_is_seen():
    """The rule above, on a file that breaks it in every way."""
    tree = ast.parse(
        "import basicsr.train\n"
        "from mmengine.runner import Runner as Host\n"
        "basicsr.train.build_model = None\n"
        "Host.train += 1\n"
        "del Host.test\n"
        "setattr(Host, 'val', None)\n"
        "self.runner = Host\n"
    )
    assert host_names(tree) == {"basicsr", "Host"}
    assert len([place for node in ast.walk(tree) for place in changed(node)]) == 5


def test_missing_imports_are_handled_in_one_place():
    for part in parts() - {"compat", "_optional"}:
        for path in files(part):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ExceptHandler) and node.type is not None:
                    caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
                    wrong = caught & {"ImportError", "ModuleNotFoundError"}
                    assert not wrong, f"{path}:{node.lineno} catches {wrong}; use _optional.require"


@pytest.mark.slow
@pytest.mark.parametrize("part", [*LAYERS, "apps", "cli"])
def test_imports_in_a_fresh_interpreter_without_any_host(part, warm):
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
        "    importlib.import_module(name)\n",
        python=sys.executable if part in NO_TORCH else warm,
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
