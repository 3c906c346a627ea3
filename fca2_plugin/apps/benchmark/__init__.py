"""How fast, how large: networks side by side (``timing``), and ``fca2 benchmark`` (``run``)."""

from fca2_plugin.apps.benchmark.command import benchmark_command
from fca2_plugin.apps.benchmark.counting import count_macs
from fca2_plugin.apps.benchmark.enhancement import (
    CLASSES,
    enhancement_command,
    run_enhancement,
)
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.run import SWEEPS, Setting, parse_size, run_benchmark
from fca2_plugin.apps.benchmark.sweep import run_sweep
from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.inference.facts import count_parameters

__all__ = [
    "CLASSES",
    "SWEEPS",
    "Choice",
    "Setting",
    "benchmark_command",
    "build_pair",
    "compare",
    "count_macs",
    "count_parameters",
    "enhancement_command",
    "parse_size",
    "run_benchmark",
    "run_enhancement",
    "run_sweep",
]
