"""The one place where a module that cannot be imported is turned into an answer."""

import importlib
from types import ModuleType

from fca2_plugin._requirements import install_line, misfit

__all__ = ["import_users", "require"]


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency.

    Args:
        module: Dotted name of the module.
        extra: The extra of ``setup.py`` that installs it.

    Raises:
        ModuleNotFoundError: The module is absent; the message contains the line that installs it.
        ImportError: Its version is not one that the extra asks for.
    """
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{module} is needed here, but could not be imported ({error}); install it with "
            f"`{install_line(extra)}`",
            name=error.name,
        ) from error
    if asked := misfit(module, extra):
        raise ImportError(
            f"this needs {asked}, but another version is installed; replace it with "
            f"`{install_line(extra)}`",
            name=module,
        )
    return found


def import_users(module: str) -> None:
    """Import a module of the user's own, which a config names in ``custom_imports``.

    Raises:
        ImportError: There is no such module, or it needs another one.
        ValueError: It fails while it is imported.
    """
    try:
        importlib.import_module(module)
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(
            f"the module {module} of custom_imports could not be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
