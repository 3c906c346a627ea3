"""Several videos at once."""

import os
from collections.abc import Sequence
from pathlib import Path

from fca2_plugin.apps.upscale.job import check_paths
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.run import plan_upscale, upscale
from fca2_plugin.apps.upscale.show import Quiet
from fca2_plugin.codec.layout import CONTAINERS
from fca2_plugin.data.media import VIDEO_SUFFIXES
from fca2_plugin.inference.choose import load_runner

__all__ = ["pair_files", "upscale_files"]


def upscale_files(
    sources: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    config: str | os.PathLike | None,
    checkpoint: str | os.PathLike | None,
    weights: str | None,
    options: UpscaleOptions,
    report: Quiet,
    dry_run: bool = False,
) -> None:
    """Upscale one video or several, one after the other, with one network.

    Args:
        sources: See ``pair_files``.
        out: See ``pair_files``.
        config: See ``upscale``.
        checkpoint: See ``upscale``.
        weights: See ``upscale``.
        options: See ``upscale``.
        report: What shows it.
        dry_run: Only show the plans.

    Raises:
        As ``pair_files`` and ``upscale``.
    """
    pairs = pair_files(sources, out)
    for pair in pairs:
        check_paths(*pair, options)
    network = load_runner(config, checkpoint, weights, **options.network)
    for source, result in pairs:
        settings = {"network": network, "options": options, "progress": report.progress}
        if dry_run:
            report.plan(plan_upscale(source, result, **settings))
        else:
            report.result(source, upscale(source, result, **settings))


def pair_files(
    sources: Sequence[str | os.PathLike], out: str | os.PathLike
) -> list[tuple[Path, Path]]:
    """Name a result for every video.

    One video gets the name ``out``, or its own name in the folder ``out``. Several, or those of a
    folder, get their own names there; the folder is made. A container that cannot be written with
    every frame's time becomes Matroska.

    Args:
        sources: Videos, or folders of videos.
        out: The result, or a folder for them.

    Raises:
        FileNotFoundError: A source is not there.
        ValueError: A folder holds no video, or two results have one name.
    """
    sources, out = [Path(source) for source in sources], Path(out)
    several = len(sources) > 1 or sources[0].is_dir()
    files = [file for source in sources for file in _videos(source)]
    if not (several or out.is_dir()):
        return [(files[0], out)]
    if out.suffix.lower() in VIDEO_SUFFIXES and not out.is_dir():
        raise ValueError(f"{out} is the name of one video; give a folder for {len(files)}")
    names = [_result_name(file) for file in files]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two videos have the name {name}; upscale them one by one")
    return [(file, out / name) for file, name in zip(files, names, strict=True)]


def _result_name(file: Path) -> str:
    return file.name if file.suffix.lower() in CONTAINERS else f"{file.stem}.mkv"


def _videos(source: Path) -> list[Path]:
    if not source.is_dir():
        if not source.is_file():
            raise FileNotFoundError(f"there is no video file {source}")
        return [source]
    found = sorted(
        file
        for file in source.iterdir()
        if file.suffix.lower() in VIDEO_SUFFIXES and not file.name.startswith(".")
    )
    if not found:
        raise ValueError(f"{source} holds no video ({', '.join(VIDEO_SUFFIXES)})")
    return found
