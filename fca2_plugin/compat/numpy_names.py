"""numpy's name ``bool8``.

Breaks: ``import mmagic.utils`` with ``AttributeError: module 'numpy' has no attribute 'bool8'``.
Why: numpy 2.0 removed the alias; MMagic 1.2.0 has it in a table of dtype ranges.
Does nothing: on numpy 1, where the alias is still there.
"""

import warnings

import numpy as np

__all__ = ["apply"]


def apply() -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # numpy 1.24+ warns at the mere look
        if hasattr(np, "bool8"):
            return None
    vars(np)["bool8"] = np.bool_
    return f"numpy {np.__version__} has no bool8, which MMagic uses"
