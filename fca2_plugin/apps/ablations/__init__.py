"""The ablations of the FCA² paper at a small scale: rows, trainings, the rule for their order."""

from fca2_plugin.apps.ablations.order import Order, compare_order
from fca2_plugin.apps.ablations.run import run_ablations

__all__ = ["Order", "compare_order", "run_ablations"]
