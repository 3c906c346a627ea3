"""``fca2 upscale``."""

import argparse
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

from fca2_plugin._errors import terminated_like_interrupted
from fca2_plugin.cli._network import add_network
from fca2_plugin.cli._renamed import add_renamed
from fca2_plugin.cli._settings import add_switch, add_value

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "upscale or enhance a video; sound, subtitles, chapters and frame times are kept"
EXAMPLE = "fca2 upscale in.mp4 out.mp4 --weights small"
NETWORK = ("config", "checkpoint", "weights")
GIVEN = ("dry_run", "still", "pattern", "recursive", "fps")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    about = "videos, a folder of videos or of images, or - for standard input"
    parser.add_argument("source", nargs="+", metavar="IN", help=about)
    about = "the result: a video; a folder, for several videos; or frames/%%05d.png, for images"
    parser.add_argument("out", metavar="OUT", help=about)

    group = parser.add_argument_group("folders")
    about = "which files of a folder, such as '*.mkv' (default: all videos)"
    add_value(group, "--pattern", None, str, about)
    add_switch(group, "--recursive", "also search the folders inside a folder")
    about = "frames a second of a folder of images, such as 30000/1001 (default: 25)"
    add_value(group, "--fps", "N", rate, about)

    add_network(parser)

    group = parser.add_argument_group("the picture")
    size = group.add_mutually_exclusive_group()
    add_value(size, "--height", "LINES", int, "height of the result; its width follows")
    about = "how many times larger: 2, 3, 4, 1.5, ... (default: as the network enlarges)"
    add_value(size, "--scale", "X", float, about)
    about = "blend of the network's result (1) with the bicubic one (0) (default: %(default)s)"
    add_value(group, "--strength", "X", float, about, default=1.0)
    about = "auto deinterlaces video and restores film from 3:2 pulldown (default: off)"
    add_value(group, "--deinterlace", "HOW", str, about, default="off")
    about = "auto cuts black bars away; W:H:X:Y keeps only that part of the picture"
    add_value(group, "--crop", "HOW", str, about)
    about = "use this colour matrix instead of the source's own: bt601, bt709, bt2020, fcc, "
    add_value(group, "--source-matrix", "NAME", str, f"{about}smpte240m")
    about = "use this range instead of the source's own: limited or full"
    add_value(group, "--source-range", "NAME", str, about)
    add_value(group, "--stream", "N", int, "the video stream (default: the best one)")

    group = parser.add_argument_group("a part of the video")
    add_value(group, "--start", "TIME", seconds, "seconds, or H:M:S")
    add_value(group, "--end", "TIME", seconds, "seconds, or H:M:S")
    about = "write only this many seconds, with the bicubic picture on the left and the network's "
    add_value(
        group, "--preview", "SECONDS", seconds, f"{about}on the right", dest="preview_seconds"
    )
    add_value(group, "--preview-start", "TIME", seconds, "where the preview begins", default=0.0)
    about = "write only the frame at this time, as a PNG, with the bicubic picture on the left"
    add_value(group, "--still", "TIME", seconds, about)

    group = parser.add_argument_group("the result")
    about = "the encoder, by its FFmpeg name (default: libx264, or libvpx-vp9 for .webm)"
    add_value(group, "--codec", None, str, about)
    about = "constant quality, on the encoder's scale (default: 18 for libx264)"
    add_value(group, "--crf", None, int, about)
    add_value(group, "--speed", "NAME", str, "the encoder's speed", dest="encoder_preset")
    about = "pixel format of the result (default: as in the source, with at most 10 bits)"
    add_value(group, "--pix-fmt", "NAME", str, about)
    about = "other options of the encoder, by their FFmpeg names"
    add_value(group, "--encoder-options", "KEY=VALUE", str, about, nargs="+", default=[])
    about = "leave out sound and subtitles that the container cannot hold"
    add_switch(group, "--drop-unsupported", about)
    add_switch(group, "--overwrite", "replace OUT if it exists")
    add_switch(group, "--resume", "continue an interrupted job")

    group = parser.add_argument_group("memory and borders (chosen automatically by default)")
    about = "memory that the network may use"
    add_value(group, "--memory-budget", "GIB", float, about, dest="memory_budget_gib")
    add_value(group, "--chunk", "N", int, "number of frames at once")
    about = "how many of these frames, at each end, are only context"
    add_value(group, "--context", "N", int, about)
    add_value(group, "--tile", "PIXELS", int, "side of a tile; 0 for whole frames")
    about = "number of pixels that neighbouring tiles share (default: %(default)s)"
    add_value(group, "--tile-overlap", "PIXELS", int, about, default=16)
    about = "number of frames between the points from which an interrupted job can resume (default"
    add_value(group, "--segment", "N", int, f"{about}: %(default)s)", default=240)
    about = "do not look for scene cuts"
    group.add_argument("--no-cuts", dest="cuts", action="store_false", help=about)
    about = "mean change of a pixel, 0 to 255, that counts as a cut (default: %(default)s)"
    add_value(group, "--cut-threshold", "X", float, about, default=15.0)
    add_switch(group, "--keep-going", "skip damaged parts of the source")

    group = parser.add_argument_group("output on the screen")
    add_switch(group, "--dry-run", "print the plan and write nothing")
    add_switch(group, "--quiet", "show nothing but errors")
    about = "append progress to this file, a line now and then, each with its time"
    add_value(group, "--log", "FILE", Path, about)
    add_switch(group, "--json-lines", "print progress as JSON, one object on each line")
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
        network = {name: getattr(args, name) for name in NETWORK}
        given = {name: getattr(args, name) for name in GIVEN}
        return upscale_files(
            args.source, args.out, network=network, options=options, report=report, **given
        )


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
