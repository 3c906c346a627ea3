"""How fast, how large: networks side by side (``timing``), and ``fca2 benchmark`` (``run``)."""

from fca2_plugin.apps.benchmark.command import benchmark_command
from fca2_plugin.apps.benchmark.counting import count_macs
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.run import Setting, run_benchmark
from fca2_plugin.apps.benchmark.sweep import SWEEPS, run_sweep
from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.inference.facts import count_parameters

__all__ = [
    "SWEEPS",
    "Choice",
    "Setting",
    "benchmark_command",
    "build_pair",
    "compare",
    "count_macs",
    "count_parameters",
    "run_benchmark",
    "run_sweep",
]
