"""Which keys code reads: what stands in ``options["key"]``, ``.get("key")``, ``"key" in opt``."""

import ast
import functools
import importlib.util
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType

__all__ = ["keys_read", "keys_read_by", "parameters_of"]

Read = tuple[str, str, str]  # file below the package, the text of what is asked, the key


@functools.cache
def keys_read(module: str) -> frozenset[Read]:
    """The texts that a module, or all modules of a package, use as keys, and of what."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return frozenset()
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    return frozenset(
        (file.relative_to(origin.parent).as_posix(), owner, key)
        for file in files
        for owner, key in _keys_in(file.read_text(encoding="utf-8"))
    )


def keys_read_by(cls: type) -> frozenset[str]:
    """The texts that the modules of a class and of its bases use as keys."""
    modules = {base.__module__ for base in cls.__mro__} - {"builtins", "abc"}
    own = (name for name in modules if not name.startswith("torch"))
    return frozenset(key for name in own for _, _, key in keys_read(name))


def _keys_in(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        owner: ast.expr | None = None
        candidates: list[ast.expr] = []
        if isinstance(node, ast.Subscript):
            owner, candidates = node.value, [node.slice]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            # `"debug" in name` looks into a text
            if "opt" in ast.unparse(node.comparators[0]):
                owner, candidates = node.comparators[0], [node.left]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("get", "pop", "setdefault"):
                owner, candidates = node.func.value, node.args[:1]
        for candidate in candidates:
            if isinstance(candidate, ast.Constant) and isinstance(candidate.value, str) and owner:
                yield ast.unparse(owner), candidate.value


@functools.cache
def parameters_of(function: Callable) -> frozenset[str] | None:
    """The keyword arguments that a function or class takes; None where it may take any.

    A class that hands its ``**kwargs`` to its base takes those of the base. A class or function may
    say in ``OPTIONS`` what it takes beside its parameters.
    """
    told = getattr(function, "OPTIONS", None)
    if told is not None or not inspect.isclass(function):
        parameters = list(inspect.signature(function).parameters.values())
        if told is None and any(p.kind is p.VAR_KEYWORD for p in parameters):
            return None
        starred = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        return frozenset({*(p.name for p in parameters if p.kind not in starred), *(told or ())})
    names: set[str] = set()
    for cls in function.__mro__:
        init = vars(cls).get("__init__")
        if not isinstance(init, FunctionType):
            continue
        parameters = list(inspect.signature(init).parameters.values())[1:]
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        names.update(p.name for p in parameters if p.kind in named)
        rest = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
        if rest is None:
            return frozenset(names)
        if not _goes_to_base(init, rest):
            return None
    return None


def _goes_to_base(init: Callable, rest: str) -> bool:
    """Whether ``**rest`` is given to ``super().__init__`` and used for nothing else."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, SyntaxError):
        return False
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == rest]
    given = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(").__init__")
        and ast.unparse(node.func).startswith("super(")
        for keyword in node.keywords
        if keyword.arg is None
    ]
    return bool(uses) and len(uses) == len(given)
