"""The ablations of the FCA² paper at a small scale: rows, trainings, the rule for their order."""

from .order import Order, compare_order
from .run import run_ablations

__all__ = ["Order", "compare_order", "run_ablations"]
