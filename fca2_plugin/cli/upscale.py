"""``fca2 upscale``."""

import argparse
from fractions import Fraction
from pathlib import Path

from fca2_plugin._errors import terminated_like_interrupted
from fca2_plugin.cli._network import add_network
from fca2_plugin.cli._renamed import add_renamed

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "upscale or enhance a video; sound, subtitles, chapters and frame times are kept"
EXAMPLE = "fca2 upscale in.mp4 out.mp4 --weights small"


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
        help="the result; a folder for several or a folder of videos; frames/%%05d.png for images",
    )

    folders = parser.add_argument_group("folders")
    folders.add_argument("--pattern", help="which files of a folder, as '*.mkv' (default: videos)")
    folders.add_argument(
        "--recursive", action="store_true", help="also what is in folders of a folder"
    )

    folders.add_argument(
        "--fps", type=rate, metavar="N", help="of a folder of images: 25, 30000/1001 (default: 25)"
    )

    add_network(parser)

    picture = parser.add_argument_group("the picture")
    size = picture.add_mutually_exclusive_group()
    size.add_argument("--height", type=int, metavar="LINES", help="of the result; width follows")
    size.add_argument(
        "--scale", type=float, metavar="X", help="2, 3, 4, 1.5, ... (default: the network's own)"
    )
    picture.add_argument(
        "--strength",
        type=float,
        default=1.0,
        metavar="X",
        help="the network's share: 1 all, 0 nothing but bicubic (default: %(default)s)",
    )
    picture.add_argument(
        "--deinterlace",
        default="off",
        metavar="HOW",
        help="auto makes whole frames of interlaced ones by bwdif (default: off)",
    )
    picture.add_argument(
        "--crop", metavar="HOW", help="auto cuts black bars away; W:H:X:Y keeps that part"
    )
    picture.add_argument(
        "--source-matrix",
        metavar="NAME",
        help="of the colours, whatever the source says: bt601, bt709, bt2020, fcc, smpte240m",
    )
    picture.add_argument("--source-range", metavar="NAME", help="likewise: limited or full")
    picture.add_argument(
        "--stream", type=int, metavar="N", help="the video stream (default: the best one)"
    )

    part = parser.add_argument_group("a part of the video, with its sound")
    part.add_argument("--start", type=seconds, metavar="TIME", help="seconds, or H:M:S")
    part.add_argument("--end", type=seconds, metavar="TIME", help="seconds, or H:M:S")
    part.add_argument(
        "--preview",
        type=seconds,
        metavar="SECONDS",
        help="write only so much: the bicubic picture on the left, the network's on the right",
    )
    part.add_argument(
        "--preview-start", type=seconds, default=0.0, metavar="TIME", help="where it begins"
    )
    part.add_argument(
        "--still",
        type=seconds,
        metavar="TIME",
        help="write one frame as a PNG, bicubic on the left, and no video",
    )

    coding = parser.add_argument_group("the result")
    coding.add_argument(
        "--codec", help="FFmpeg's name of the encoder (default: libx264, libvpx-vp9 for .webm)"
    )
    coding.add_argument(
        "--crf", type=int, help="constant quality, the encoder's scale (default: 18 for libx264)"
    )
    coding.add_argument("--speed", metavar="NAME", help="the encoder's speed")
    coding.add_argument("--pix-fmt", metavar="NAME", help="default: as the source, at most 10 bits")
    coding.add_argument(
        "--encoder-options",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="more of the encoder's options, by FFmpeg's names",
    )
    coding.add_argument(
        "--drop-unsupported",
        action="store_true",
        help="leave out sound and subtitles that the container cannot hold",
    )
    coding.add_argument("--overwrite", action="store_true", help="replace OUT")
    coding.add_argument("--resume", action="store_true", help="go on with a stopped job")

    how = parser.add_argument_group("memory and borders (all chosen for you)")
    how.add_argument("--memory-budget", type=float, metavar="GIB", help="what the network may use")
    how.add_argument("--chunk", type=int, metavar="N", help="frames at once")
    how.add_argument(
        "--context", type=int, metavar="N", help="of them, frames at each end that only help"
    )
    how.add_argument(
        "--tile", type=int, metavar="PIXELS", help="side of a tile; 0 for whole frames"
    )
    how.add_argument(
        "--tile-overlap",
        type=int,
        default=16,
        metavar="PIXELS",
        help="what neighbouring tiles share (default: %(default)s)",
    )
    how.add_argument(
        "--segment",
        type=int,
        default=240,
        metavar="N",
        help="frames between the points where a stopped job goes on (default: %(default)s)",
    )
    how.add_argument("--no-cuts", action="store_true", help="do not look for scene cuts")
    how.add_argument(
        "--cut-threshold",
        type=float,
        default=15.0,
        metavar="X",
        help="how much the mean pixel changes at a cut, 0 to 255 (default: %(default)s)",
    )
    how.add_argument(
        "--keep-going", action="store_true", help="pass over damaged parts of the source"
    )

    show = parser.add_argument_group("what is shown")
    show.add_argument("--dry-run", action="store_true", help="print the plan and write nothing")
    show.add_argument("--quiet", action="store_true", help="show nothing but errors")
    show.add_argument(
        "--log", type=Path, metavar="FILE", help="append a line now and then, with its time"
    )
    show.add_argument(
        "--json-lines", action="store_true", help="show progress as a JSON object a line"
    )
    add_renamed(parser, {"--encoder-preset": "--speed", "--json": "--json-lines"})


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.upscale import UpscaleOptions
    from fca2_plugin.apps.upscale.files import upscale_files
    from fca2_plugin.apps.upscale.show import reporter

    options = UpscaleOptions(
        codec=args.codec,
        crf=args.crf,
        encoder_preset=args.speed,
        pix_fmt=args.pix_fmt,
        encoder_options=_pairs(args.encoder_options),
        drop_unsupported=args.drop_unsupported,
        keep_going=args.keep_going,
        cuts=not args.no_cuts,
        cut_threshold=args.cut_threshold,
        chunk=args.chunk,
        context=args.context,
        tile=args.tile,
        tile_overlap=args.tile_overlap,
        memory_budget_gib=args.memory_budget,
        device=args.device,
        dtype=args.dtype,
        phase=args.phase,
        fca2=args.fca2,
        segment=args.segment,
        resume=args.resume,
        overwrite=args.overwrite,
        preview_seconds=args.preview,
        preview_start=args.preview_start,
        start=args.start,
        end=args.end,
        height=args.height,
        scale=args.scale,
        strength=args.strength,
        deinterlace=args.deinterlace,
        crop=args.crop,
        stream=args.stream,
        source_matrix=args.source_matrix,
        source_range=args.source_range,
    )
    how = "json" if args.json_lines else "quiet" if args.quiet else "bar"
    with terminated_like_interrupted(), reporter(how, args.log) as report:
        return upscale_files(
            args.source,
            args.out,
            config=args.config,
            checkpoint=args.checkpoint,
            weights=args.weights,
            options=options,
            report=report,
            dry_run=args.dry_run,
            still=args.still,
            pattern=args.pattern,
            recursive=args.recursive,
            fps=args.fps,
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
        raise argparse.ArgumentTypeError(f"expected images a second, as 25, got {text!r}")
    return found
