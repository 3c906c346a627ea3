"""What ``fca2 benchmark`` does: checks first, then measures, writes, prints."""

from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fca2_plugin._files import check_writable, write_json
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.run import Setting, run_benchmark
from fca2_plugin.apps.benchmark.sweep import advance, progress_bar, run_sweep
from fca2_plugin.apps.report.tables import mib_text
from fca2_plugin.inference.settings import InferenceSettings

__all__ = ["benchmark_command", "benchmark_table", "breakdown_table", "ratios_text"]

NETWORKS = ("baseline", "wrapped")
WHOLE = "all"
MIB = 2**20
SETTINGS = [one for one in fields(InferenceSettings) if one.name != "device"]


def benchmark_command(
    choice: Choice,
    setting: Setting,
    *,
    sweep: str | None = None,
    json_path: Path | None = None,
    plot_dir: Path | None = None,
    data: Path | None = None,
    peak_memory: bool = True,
    console: Console | None = None,
) -> dict:
    """Run one benchmark or a sweep, and say what came out.

    Args:
        choice: The networks.
        setting: The clip and the number of rounds.
        sweep: ``frames``, ``size``, ``groups`` or None for one benchmark.
        json_path: Where the result goes; a sweep needs it, and resumes from it.
        plot_dir: Where a sweep's plots go, as PNG files.
        data: See ``run_sweep``, for ``groups``.
        peak_memory: See ``run_benchmark``.
        console: Where progress and the table are shown.

    Returns:
        What ``json_path`` contains.

    Raises:
        ValueError: Options that do not go together, or as ``run_benchmark``.
        OSError: A place that cannot be written to, or data that are not there.
    """
    console = console or Console()
    if sweep is not None and json_path is None:
        raise ValueError("--sweep saves its progress, so that it can resume; add --json FILE")
    if sweep is not None and setting.training:
        raise ValueError("--training measures one clip size only; leave --sweep out")
    if sweep is None and plot_dir is not None:
        raise ValueError("--plot draws the points of a sweep; add --sweep frames, size or groups")
    if data is not None and sweep != "groups":
        raise ValueError("--data is used by --sweep groups only; give both, or leave --data out")
    if json_path is not None:  # before hours of work
        check_writable(json_path)
    if plot_dir is not None:
        check_writable(plot_dir / "sweep.png")
    if sweep is not None:
        assert json_path is not None
        result = run_sweep(
            choice,
            setting,
            sweep,
            json_path,
            data=data,
            peak_memory=peak_memory,
            console=console,
        )
        points = result["points"]
    else:
        pair = build_pair(choice)
        with progress_bar(console) as bar:
            task = bar.add_task(setting.text, total=1)
            result = run_benchmark(
                choice,
                setting,
                pair=pair,
                peak_memory=peak_memory,
                progress=advance(bar, task, 0, 1),
            )
        points = [result]
        if json_path is not None:
            write_json(json_path, result)
    console.print(benchmark_table(points))
    if sweep is None:
        console.print(breakdown_table(result))
        console.print(ratios_text(result))
    for point in points:
        if bounds := {c: psnr for c, psnr in point.get("bound_psnr", {}).items() if psnr}:
            said = ", ".join(f"{psnr:.2f} dB ({c})" for c, psnr in bounds.items())
            console.print(f"{_groups(point)}: frames between key frames, from true codes: {said}")
    if plot_dir is not None and sweep is not None:
        from fca2_plugin.apps.report.figures import sweep_figure, sweep_plots

        for name in sweep_plots(sweep):
            path = plot_dir / f"{sweep}_{name}.png"
            path.write_bytes(sweep_figure([result], name))
            console.print(f"plot: {path}")
    return result


def benchmark_table(points: list[dict]) -> Table:
    """The result for a terminal, two rows for every point."""
    first = points[0]
    title = (
        f"{_training_text(first)}{first['network']} of {first['host']} on {first['device']}, "
        f"{first['threads']} threads, {_settings_text(first)}, torch {first['torch']}"
    )
    table = Table(title=title, title_justify="left")
    for head in ("LQ clip", "network"):
        table.add_column(head)
    for head in (
        "ms per\nframe",
        "IQR",
        "peak\nMiB",
        "above\nmodel",
        "GMACs per\nframe",
        "params",
        "speed",
    ):
        table.add_column(head, justify="right")
    for point in points:
        for name in NETWORKS:
            values = point[name]
            table.add_row(
                f"{point['frames']} x {point['size'][0]}x{point['size'][1]}" * (name == "baseline"),
                name if name == "baseline" else f"{name} {_groups(point)}".strip(),
                f"{values['ms_per_frame']:.1f}",
                f"{values['iqr_ms_per_frame']:.1f}",
                *(mib_text(values[key]) for key in ("peak_mib", "above_model_mib")),
                f"{values['macs_per_frame'] / 1e9:.2f}",
                f"{values['params']:,}",
                f"{1 if name == 'baseline' else point['speed_ratio']:.2f}x",
            )
    return table


def breakdown_table(result: dict) -> Table:
    """Where the time of one benchmark goes, a row for every part."""
    table = Table(title="where the time goes, per frame; launches per clip", title_justify="left")
    for head in ("network", "part"):
        table.add_column(head)
    for head in ("ms", "share", "GMACs", "MiB moved", "launches"):
        table.add_column(head, justify="right")
    frames = result["frames"]
    for name in NETWORKS:
        whole = result[name]
        for part, values in {**whole["parts"], WHOLE: whole}.items():
            table.add_row(
                name * (part == WHOLE),
                part,
                f"{values['ms_per_frame']:.1f}",
                f"{100 * values['ms_per_frame'] / whole['ms_per_frame']:.0f} %",
                f"{values['macs'] / frames / 1e9:.2f}",
                f"{values['bytes'] / frames / MIB:,.0f}",
                f"{values['launches']:,}",
                end_section=part == WHOLE,
            )
    return table


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


def _training_text(result: dict) -> str:
    """What is trained, where training steps were timed."""
    if result["kind"] != "benchmark_training":
        return ""
    frozen = ", ".join(result["frozen"]) or "nothing"
    return f"training step, stage {result['stage']} ({frozen} frozen): "


def _groups(result: dict) -> str:
    return f"{result['n_subs']}/{result['n_ovls']}" if result["n_subs"] else ""


def _settings_text(result: dict) -> str:
    return InferenceSettings(**{one.name: result[one.name] for one in SETTINGS}).text
