"""``fca2 upscale``."""

import argparse
from dataclasses import fields
from pathlib import Path

from fca2_plugin._errors import terminated_like_interrupted
from fca2_plugin.cli._options import add_network, add_old, add_options

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "upscale or enhance a video; sound, subtitles, chapters and frame times are kept"
EXAMPLE = "fca2 upscale in.mp4 out.mp4 --weights small"
NETWORK = ("config", "checkpoint", "weights")
GIVEN = ("dry_run", "still", "pattern", "recursive", "fps")
FOLDERS = {
    "--pattern PATTERN": "which files of a folder, such as '*.mkv' (default: all videos)",
    "--recursive": "also search the folders inside a folder",
    "--fps RATE": "frames a second of a folder of images, such as 30000/1001 (default: 25)",
}
SIZE = {
    "--height LINES": "height of the result; its width follows",
    "--scale X": "how many times larger: 2, 3, 4, 1.5, ... (default: as the network enlarges)",
}
PICTURE = {
    "--strength X": "blend of the network's result (1) with the bicubic one (0) (default: "
    "%(default)s)",
    "--deinterlace HOW": "auto deinterlaces video and restores film from 3:2 pulldown (default: "
    "off)",
    "--crop HOW": "auto cuts black bars away; W:H:X:Y keeps only that part of the picture",
    "--source-matrix NAME": "use this colour matrix instead of the source's own: bt601, bt709, "
    "bt2020, fcc, smpte240m",
    "--source-range NAME": "use this range instead of the source's own: limited or full",
    "--stream N": "the video stream (default: the best one)",
}
PART = {
    "--start TIME": "seconds, or H:M:S",
    "--end TIME": "seconds, or H:M:S",
    "--preview SECONDS": "write only this many seconds, with the bicubic picture on the left and "
    "the network's on the right",
    "--preview-start TIME": "where the preview begins",
    "--still TIME": "write only the frame at this time, as a PNG, with the bicubic picture on the "
    "left",
}
RESULT = {
    "--codec CODEC": "the encoder, by its FFmpeg name (default: libx264, or libvpx-vp9 for .webm)",
    "--crf CRF": "constant quality, on the encoder's scale (default: 18 for libx264)",
    "--speed NAME": "the encoder's speed",
    "--pix-fmt NAME": "pixel format of the result (default: as in the source, with at most 10 "
    "bits)",
    "--encoder-options KEY=VALUE ...": "other options of the encoder, by their FFmpeg names",
    "--drop-unsupported": "leave out sound and subtitles that the container cannot hold",
    "--overwrite": "replace OUT if it exists",
    "--resume": "continue an interrupted job",
}
MEMORY = {
    "--memory-budget GIB": "memory that the network may use",
    "--chunk N": "number of frames at once",
    "--context N": "how many of these frames, at each end, are only context",
    "--tile PIXELS": "side of a tile; 0 for whole frames",
    "--tile-overlap PIXELS": "number of pixels that neighbouring tiles share (default: "
    "%(default)s)",
    "--segment N": "number of frames between the points from which an interrupted job can resume "
    "(default: %(default)s)",
    "--no-cuts": "do not look for scene cuts",
    "--cut-threshold X": "mean change of a pixel, 0 to 255, that counts as a cut (default: "
    "%(default)s)",
    "--keep-going": "skip damaged parts of the source",
}
SCREEN = {
    "--dry-run": "print the plan and write nothing",
    "--quiet": "show nothing but errors",
    "--log FILE": "append progress to this file, a line now and then, each with its time",
    "--json-lines": "print progress as JSON, one object on each line",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    about = "videos, a folder of videos or of images, or - for standard input"
    parser.add_argument("source", nargs="+", metavar="IN", help=about)
    about = "the result: a video; a folder, for several videos; or frames/%%05d.png, for images"
    parser.add_argument("out", metavar="OUT", help=about)
    add_options(parser.add_argument_group("folders"), FOLDERS)
    add_network(parser)
    picture = parser.add_argument_group("the picture")
    add_options(picture.add_mutually_exclusive_group(), SIZE)
    add_options(picture, PICTURE, strength=1.0, deinterlace="off")
    add_options(parser.add_argument_group("a part of the video"), PART, preview_start=0.0)
    add_options(parser.add_argument_group("the result"), RESULT, encoder_options=[])
    memory = parser.add_argument_group("memory and borders (chosen automatically by default)")
    add_options(memory, MEMORY, tile_overlap=16, segment=240, cut_threshold=15.0)
    add_options(parser.add_argument_group("output on the screen"), SCREEN)
    add_old(parser, {"--encoder-preset": "--speed", "--json": "--json-lines"})


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.upscale import UpscaleOptions
    from fca2_plugin.apps.upscale.files import upscale_files
    from fca2_plugin.apps.upscale.show import reporter

    # options are called like the settings that they become, but for these
    chosen = {
        **vars(args),
        "encoder_options": _pairs(args.encoder_options),
        "encoder_preset": args.speed,
        "memory_budget_gib": args.memory_budget,
        "preview_seconds": args.preview,
        "cuts": not args.no_cuts,
    }
    names = [option.name for option in fields(UpscaleOptions) if option.name in chosen]
    options = UpscaleOptions(**{name: chosen[name] for name in names})
    how = "json" if args.json_lines else "quiet" if args.quiet else "bar"
    log = args.log and Path(args.log)
    with terminated_like_interrupted(), reporter(how, log) as report:
        network = {name: getattr(args, name) for name in NETWORK}
        given = {name: getattr(args, name) for name in GIVEN}
        return upscale_files(
            args.source, args.out, network=network, options=options, report=report, **given
        )


def _pairs(options: list[str]) -> dict[str, str]:
    for option in options:
        if "=" not in option:
            raise ValueError(f"encoder option {option!r} has no value; expected KEY=VALUE")
    return dict(option.split("=", 1) for option in options)
