"""``fca2 upscale``."""

import argparse
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

from fca2_plugin._errors import terminated_like_interrupted
from fca2_plugin.cli._network import add_network
from fca2_plugin.cli._renamed import add_renamed

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "upscale or enhance a video; sound, subtitles, chapters and frame times are kept"
EXAMPLE = "fca2 upscale in.mp4 out.mp4 --weights small"
GIVEN = "config checkpoint weights dry_run still pattern recursive fps".split()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        nargs="+",
        metavar="IN",
        help="videos, a folder of videos or of images, or - for standard input",
    )
    parser.add_argument(
        "out",
        metavar="OUT",
        help="the result: a video; a folder, for several videos; or frames/%%05d.png, for images",
    )

    add = parser.add_argument_group("folders").add_argument
    add("--pattern", help="which files of a folder, such as '*.mkv' (default: all videos)")
    add("--recursive", action="store_true", help="also search the folders inside a folder")
    add(
        "--fps",
        type=rate,
        metavar="N",
        help="frames a second of a folder of images, such as 30000/1001 (default: 25)",
    )

    add_network(parser)

    picture = parser.add_argument_group("the picture")
    add = picture.add_argument
    size = picture.add_mutually_exclusive_group()
    size.add_argument(
        "--height", type=int, metavar="LINES", help="height of the result; its width follows"
    )
    size.add_argument(
        "--scale",
        type=float,
        metavar="X",
        help="how many times larger: 2, 3, 4, 1.5, ... (default: as the network enlarges)",
    )
    add(
        "--strength",
        type=float,
        default=1.0,
        metavar="X",
        help="blend of the network's result (1) with the bicubic one (0) (default: %(default)s)",
    )
    add(
        "--deinterlace",
        default="off",
        metavar="HOW",
        help="auto deinterlaces video and restores film from 3:2 pulldown (default: off)",
    )
    add(
        "--crop",
        metavar="HOW",
        help="auto cuts black bars away; W:H:X:Y keeps only that part of the picture",
    )
    add(
        "--source-matrix",
        metavar="NAME",
        help="use this colour matrix instead of the source's own: bt601, bt709, bt2020, fcc, "
        "smpte240m",
    )
    add(
        "--source-range",
        metavar="NAME",
        help="use this range instead of the source's own: limited or full",
    )
    add("--stream", type=int, metavar="N", help="the video stream (default: the best one)")

    add = parser.add_argument_group("a part of the video").add_argument
    add("--start", type=seconds, metavar="TIME", help="seconds, or H:M:S")
    add("--end", type=seconds, metavar="TIME", help="seconds, or H:M:S")
    add(
        "--preview",
        dest="preview_seconds",
        type=seconds,
        metavar="SECONDS",
        help="write only this many seconds, with the bicubic picture on the left and the "
        "network's on the right",
    )
    add(
        "--preview-start",
        type=seconds,
        default=0.0,
        metavar="TIME",
        help="where the preview begins",
    )
    add(
        "--still",
        type=seconds,
        metavar="TIME",
        help="write only the frame at this time, as a PNG, with the bicubic picture on the left",
    )

    add = parser.add_argument_group("the result").add_argument
    add(
        "--codec",
        help="the encoder, by its FFmpeg name (default: libx264, or libvpx-vp9 for .webm)",
    )
    add(
        "--crf", type=int, help="constant quality, on the encoder's scale (default: 18 for libx264)"
    )
    add("--speed", dest="encoder_preset", metavar="NAME", help="the encoder's speed")
    add(
        "--pix-fmt",
        metavar="NAME",
        help="pixel format of the result (default: as in the source, with at most 10 bits)",
    )
    add(
        "--encoder-options",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="other options of the encoder, by their FFmpeg names",
    )
    add(
        "--drop-unsupported",
        action="store_true",
        help="leave out sound and subtitles that the container cannot hold",
    )
    add("--overwrite", action="store_true", help="replace OUT if it exists")
    add("--resume", action="store_true", help="continue an interrupted job")

    add = parser.add_argument_group(
        "memory and borders (chosen automatically by default)"
    ).add_argument
    add(
        "--memory-budget",
        dest="memory_budget_gib",
        type=float,
        metavar="GIB",
        help="memory that the network may use",
    )
    add("--chunk", type=int, metavar="N", help="number of frames at once")
    add(
        "--context",
        type=int,
        metavar="N",
        help="how many of these frames, at each end, are only context",
    )
    add("--tile", type=int, metavar="PIXELS", help="side of a tile; 0 for whole frames")
    add(
        "--tile-overlap",
        type=int,
        default=16,
        metavar="PIXELS",
        help="number of pixels that neighbouring tiles share (default: %(default)s)",
    )
    add(
        "--segment",
        type=int,
        default=240,
        metavar="N",
        help="number of frames between the points from which an interrupted job can resume "
        "(default: %(default)s)",
    )
    add("--no-cuts", dest="cuts", action="store_false", help="do not look for scene cuts")
    add(
        "--cut-threshold",
        type=float,
        default=15.0,
        metavar="X",
        help="mean change of a pixel, 0 to 255, that counts as a cut (default: %(default)s)",
    )
    add("--keep-going", action="store_true", help="skip damaged parts of the source")

    add = parser.add_argument_group("output on the screen").add_argument
    add("--dry-run", action="store_true", help="print the plan and write nothing")
    add("--quiet", action="store_true", help="show nothing but errors")
    add(
        "--log",
        type=Path,
        metavar="FILE",
        help="append progress to this file, a line now and then, each with its time",
    )
    add("--json-lines", action="store_true", help="print progress as JSON, one object on each line")
    add_renamed(parser, {"--encoder-preset": "--speed", "--json": "--json-lines"})


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.upscale import UpscaleOptions
    from fca2_plugin.apps.upscale.files import upscale_files
    from fca2_plugin.apps.upscale.show import reporter

    args.encoder_options = _pairs(args.encoder_options)
    names = [option.name for option in fields(UpscaleOptions) if option.name in args]
    options = UpscaleOptions(**{name: getattr(args, name) for name in names})
    how = "json" if args.json_lines else "quiet" if args.quiet else "bar"
    with terminated_like_interrupted(), reporter(how, args.log) as report:
        given = {name: getattr(args, name) for name in GIVEN}
        return upscale_files(args.source, args.out, options=options, report=report, **given)


def seconds(text: str) -> float:
    """Read 90, 1:30 or 0:01:30.5."""
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3:
        raise argparse.ArgumentTypeError(f"expected seconds or H:M:S, got {text!r}")
    return sum(number * 60**place for place, number in enumerate(reversed(numbers)))


def _pairs(options: list[str]) -> dict[str, str]:
    for option in options:
        if "=" not in option:
            raise ValueError(f"encoder option {option!r} has no value; expected KEY=VALUE")
    return dict(option.split("=", 1) for option in options)


def rate(text: str) -> Fraction:
    """Read 25, 23.976 or 30000/1001."""
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if found <= 0:
        raise argparse.ArgumentTypeError(
            f"expected a number of images a second such as 25, got {text!r}"
        )
    return found
