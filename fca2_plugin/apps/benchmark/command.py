"""What ``fca2 benchmark`` does: checks first, then measures, writes, prints."""

from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fca2_plugin._files import check_writable, write_json
from fca2_plugin._progress import progress_bar
from fca2_plugin.apps.benchmark.networks import Choice
from fca2_plugin.apps.benchmark.run import Setting, run_benchmark
from fca2_plugin.apps.benchmark.sweep import run_sweep
from fca2_plugin.apps.report.figures import sweep_figures
from fca2_plugin.apps.report.views import NETWORKS, benchmark_view
from fca2_plugin.apps.tables import TableView, terminal_table, text_line
from fca2_plugin.inference.settings import InferenceSettings

__all__ = ["benchmark_command", "benchmark_table", "breakdown_table", "ratios_text"]

MIB = 2**20
SETTINGS = [one.name for one in fields(InferenceSettings) if one.name != "device"]


def benchmark_command(
    choice: Choice,
    setting: Setting,
    *,
    sweep: str | None = None,
    json_path: Path | None = None,
    plot_dir: Path | None = None,
    console: Console | None = None,
) -> dict:
    """Run one benchmark or a sweep, and say what came out.

    Args:
        choice: The networks.
        setting: The clip and the number of rounds.
        sweep: ``frames``, ``size``, ``groups`` or None for one benchmark.
        json_path: Where the result goes; a sweep needs it, and resumes from it.
        plot_dir: Where a sweep's plots go, as PNG files.
        console: Where progress and the table are shown.

    Returns:
        What ``json_path`` contains.

    Raises:
        ValueError: Options that do not go together, or as ``run_benchmark``.
        OSError: A place that cannot be written to.
    """
    console = console or Console()
    if sweep is not None and json_path is None:
        raise ValueError("--sweep saves its progress, so that it can resume; add --json FILE")
    if sweep is not None and setting.training:
        raise ValueError("--training measures one clip size only; leave --sweep out")
    if sweep is None and plot_dir is not None:
        raise ValueError("--plot draws the points of a sweep; add --sweep frames, size or groups")
    if json_path is not None:  # before hours of work
        check_writable(json_path)
    if plot_dir is not None:
        check_writable(plot_dir / "sweep.png")
    if sweep is not None and json_path is not None:
        with progress_bar(console) as progress:
            result = run_sweep(choice, setting, sweep, json_path, progress)
        console.print(benchmark_table(result["points"]))
        if plot_dir is not None:
            for name, _, image in sweep_figures([result]):
                path = plot_dir / f"{sweep}_{name}.png"
                path.write_bytes(image)
                console.print(f"plot: {path}")
        return result
    with progress_bar(console) as progress:
        result = run_benchmark(
            choice, setting, progress=lambda done, total: progress(done, total, setting.text)
        )
    if json_path is not None:
        write_json(json_path, result)
    console.print(benchmark_table([result]))
    console.print(breakdown_table(result))
    console.print(ratios_text(result))
    return result


def benchmark_table(points: list[dict]) -> Table:
    """The result for a terminal, two rows for every point."""
    first = points[0]
    title = InferenceSettings(**{name: first[name] for name in SETTINGS}).text
    if first["kind"] == "benchmark_training":
        frozen = ", ".join(first["frozen"]) or "nothing"
        title = f"training step, stage {first['stage']} ({frozen} frozen), {title}"
    return terminal_table(benchmark_view(points, title))


def breakdown_table(result: dict) -> Table:
    """Where the time of one benchmark goes, a row for every part."""
    lines = []
    frames = result["frames"]
    for name in NETWORKS:
        whole = result[name]
        for part, values in {**whole["parts"], "all": whole}.items():
            line = text_line(
                f"{name}, {part}",
                f"{values['ms_per_frame']:.1f}",
                f"{100 * values['ms_per_frame'] / whole['ms_per_frame']:.0f} %",
                f"{values['macs'] / frames / 1e9:.2f}",
                f"{values['bytes'] / frames / MIB:,.0f}",
                f"{values['launches']:,}",
            )
            lines.append(line)
    heads = ("ms", "share", "GMACs", "MiB moved", "launches")
    title = "where the time goes, per frame; launches per clip"
    return terminal_table(TableView(title, heads, tuple(lines), (), "network, part"))


def ratios_text(result: dict) -> str:
    """What of the baseline's the wrapped network needs, as far as it was measured."""
    said = {
        "time": 1 / result["speed_ratio"],
        "MACs": result["mac_ratio"],
        "peak memory": result["peak_ratio"],
        "memory above the loaded model": result["above_model_ratio"],
    }
    known = [f"{value:.2f} of the {name}" for name, value in said.items() if value is not None]
    return f"wrapped takes {', '.join(known)}"
