"""``fca2 upscale``."""

import argparse
from dataclasses import fields
from pathlib import Path

from fca2_plugin._errors import terminated_like_interrupted
from fca2_plugin.cli._options import NETWORK, OLD_NETWORK, WEIGHTS, given

__all__ = ["EPILOG", "EXAMPLE", "HELP", "OLD", "OPTIONS", "run"]

HELP = "upscale or enhance a video; sound, subtitles, chapters and frame times are kept"
EXAMPLE = "fca2 upscale in.mp4 out.mp4 --weights small"
OPTIONS = {
    "": {
        "source IN ...": "videos, a folder of videos or of images, or - for standard input",
        "out OUT": "the result: a video; a folder, for several videos; or frames/%%05d.png, for "
        "images",
    },
    "folders": {
        "--pattern PATTERN": "which files of a folder, such as '*.mkv' (default: all videos)",
        "--recursive": "also search the folders inside a folder",
        "--fps RATE": "frames a second of a folder of images, such as 30000/1001 (default: 25)",
    },
    "the network (default: one that ships)": NETWORK,
    "the picture": {
        "--height LINES": "height of the result; its width follows",
        "--scale X": "instead of --height, how many times larger: 2, 3, 4, 1.5, ... (default: as "
        "the network enlarges)",
        "--strength X": "blend of the network's result (1) with the bicubic one (0) (default: 1.0)",
        "--deinterlace HOW": "auto deinterlaces video and restores film from 3:2 pulldown "
        "(default: off)",
        "--crop HOW": "auto cuts black bars away; W:H:X:Y keeps only that part of the picture",
        "--source-matrix NAME": "use this colour matrix instead of the source's own: bt601, bt709, "
        "bt2020, fcc, smpte240m",
        "--source-range NAME": "use this range instead of the source's own: limited or full",
        "--stream N": "the video stream (default: the best one)",
    },
    "a part of the video": {
        "--start TIME": "seconds, or H:M:S",
        "--end TIME": "seconds, or H:M:S",
        "--preview SECONDS": "write only this many seconds, with the bicubic picture on the left "
        "and the network's on the right",
        "--preview-start TIME": "where the preview begins",
        "--still TIME": "write only the frame at this time, as a PNG, with the bicubic picture on "
        "the left",
    },
    "the result": {
        "--codec CODEC": "the encoder, by its FFmpeg name (default: libx264, or libvpx-vp9 for "
        ".webm)",
        "--crf CRF": "constant quality, on the encoder's scale (default: 18 for libx264)",
        "--speed NAME": "the encoder's speed",
        "--pix-fmt NAME": "pixel format of the result (default: as in the source, with at most 10 "
        "bits)",
        "--encoder-options KEY=VALUE ...": "other options of the encoder, by their FFmpeg names",
        "--drop-unsupported": "leave out sound and subtitles that the container cannot hold",
        "--overwrite": "replace OUT if it exists",
        "--resume": "continue an interrupted job",
    },
    "memory and borders (chosen automatically by default)": {
        "--memory-budget GIB": "memory that the network may use",
        "--chunk N": "number of frames at once",
        "--context N": "how many of these frames, at each end, are only context",
        "--tile PIXELS": "side of a tile; 0 for whole frames",
        "--tile-overlap PIXELS": "number of pixels that neighbouring tiles share (default: 16)",
        "--segment N": "number of frames between the points from which an interrupted job can "
        "resume (default: 240)",
        "--no-cuts": "do not look for scene cuts",
        "--cut-threshold X": "mean change of a pixel, 0 to 255, that counts as a cut (default: "
        "15.0)",
        "--keep-going": "skip damaged parts of the source",
    },
    "output on the screen": {
        "--dry-run": "print the plan and write nothing",
        "--quiet": "show nothing but errors",
        "--log FILE": "append progress to this file, a line now and then, each with its time",
        "--json-lines": "print progress as JSON, one object on each line",
    },
}
OLD = {**OLD_NETWORK, "--encoder-preset": "--speed", "--json": "--json-lines"}
EPILOG = WEIGHTS


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.upscale import UpscaleOptions
    from fca2_plugin.apps.upscale.files import upscale_files
    from fca2_plugin.apps.upscale.show import reporter

    # options are called like the settings that they become, but for these
    args.encoder_options = _pairs(args.encoder_options or [])
    args.encoder_preset, args.memory_budget_gib = args.speed, args.memory_budget
    args.preview_seconds, args.cuts = args.preview, not args.no_cuts
    names = [option.name for option in fields(UpscaleOptions) if option.name in args]
    options = UpscaleOptions(**given(args, names))
    how = "json" if args.json_lines else "quiet" if args.quiet else "bar"
    log = args.log and Path(args.log)
    with terminated_like_interrupted(), reporter(how, log) as report:
        network = {name: getattr(args, name) for name in ("config", "checkpoint", "weights")}
        return upscale_files(
            args.source,
            args.out,
            network=network,
            options=options,
            report=report,
            **given(args, ("dry_run", "still", "pattern", "recursive", "fps")),
        )


def _pairs(options: list[str]) -> dict[str, str]:
    for option in options:
        if "=" not in option:
            raise ValueError(f"encoder option {option!r} has no value; expected KEY=VALUE")
    return dict(option.split("=", 1) for option in options)
