"""``fca2 encode``."""

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from fca2_plugin.cli._renamed import add_renamed

if TYPE_CHECKING:
    from rich.console import Console

    from fca2_plugin.codec import CodecSettings

__all__ = ["EXAMPLE", "HELP", "add_arguments", "progress_bar", "run"]

HELP = "make a compressed data set from videos or frames, with a manifest that rebuilds it"
EXAMPLE = "fca2 encode videos/ data/mine --codec x264 --crf 15 25 35"
CODECS = {"x264": "libx264", "x265": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="SRC ... DST",
        help="one or more sources (Vimeo-90K, REDS, Vid4, a folder of frame folders, an LMDB, or "
        "videos), then the folder to write",
    )
    parser.add_argument("--verify", action="store_true", help="only check the checksums of DST")
    parser.add_argument(
        "--degradation",
        default="gaussian",
        help="how frames are made smaller: gaussian (sigma 1.5, pixels as in ordinary video), "
        "comisr (as in the published data of compressed VSR: every 4th pixel from the "
        "first), bd (MATLAB), duf, bi (bicubic), area or none (default: %(default)s)",
    )
    parser.add_argument(
        "--scale", type=int, help="how many times smaller (default: 4; 1 with --degradation none)"
    )
    parser.add_argument(
        "--codec",
        nargs="+",
        default=["x264"],
        choices=[*CODECS, "none"],
        help="x264 or x265; vp9 or av1, which imitate an upload to a video site; none makes "
        "frames smaller without coding them (default: x264)",
    )
    parser.add_argument(
        "--crf",
        nargs="+",
        type=int,
        help="constant rate factors for x264 and x265 (default for x264: 15 25 35)",
    )
    parser.add_argument("--qp", nargs="+", type=int, help="constant QPs for x264 and x265")
    parser.add_argument(
        "--bitrate",
        nargs="+",
        type=float,
        metavar="BPP",
        help="bitrates for vp9 and av1, in bits for each pixel (default: 0.065 and 0.0455, as on "
        "a video site)",
    )
    parser.add_argument(
        "--pix-fmt",
        help="pixel format: yuv444p or yuv420p (default: yuv444p for x264, as published, and "
        "yuv420p for the others)",
    )
    parser.add_argument(
        "--speed",
        help="the encoder's speed (default: medium for x264 and x265, 2 for vp9, 4 for av1)",
    )
    add_renamed(parser, {"--preset": "--speed"})
    parser.add_argument(
        "--fps", type=_rate, default=10, help="frames a second (default: 10, as published)"
    )
    parser.add_argument(
        "--split",
        choices=["train", "test"],
        help="write below DST/SPLIT; for Vimeo-90K and REDS, use only the clips of this split",
    )
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="use only these clips")
    parser.add_argument("--clip-frames", type=int, metavar="N", help="cut into clips of N frames")
    parser.add_argument("--no-gt", action="store_true", help="write no ground truth")
    parser.add_argument(
        "--format", default="png", help="how frames are stored: png or lmdb (default: %(default)s)"
    )
    parser.add_argument("--keep-bitstreams", action="store_true", help="also store the coded clips")
    parser.add_argument("--jobs", type=int, help="number of processes (default: one for each core)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _rate(text: str) -> Fraction:
    """``25`` or ``30000/1001``."""
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(f"{text} divides by zero") from error


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    console = Console(quiet=args.quiet, highlight=False)
    if args.verify:
        return _verify(args, console)
    if len(args.paths) < 2:
        raise ValueError(f"{args.paths[0]} is a single path; give a source and a destination")
    return _encode(args, console)


@contextlib.contextmanager
def progress_bar(console: "Console") -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar with the time left, and yield what moves it."""
    from rich import progress

    columns = [
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    ]
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, name: bar.update(
            task, completed=done, total=total, description=name
        )


def _encode(args: argparse.Namespace, console: "Console") -> int:
    from fca2_plugin.data import encode_tree

    start = time.monotonic()
    with progress_bar(console) as progress:
        tree = encode_tree(
            args.paths[:-1],
            args.paths[-1],
            degradation=args.degradation,
            scale=(1 if args.degradation == "none" else 4) if args.scale is None else args.scale,
            codecs=_settings(args),
            split=args.split,
            clips=args.clips,
            clip_frames=args.clip_frames,
            keep_gt=not args.no_gt,
            format=args.format,
            keep_bitstreams=args.keep_bitstreams,
            jobs=args.jobs,
            progress=progress,
        )
    clips = tree.manifest["clips"]
    if not tree.num_written:
        console.print(
            f"{tree.root} is complete ({len(clips)} clips); there is nothing to do", soft_wrap=True
        )
        return 0
    frames = sum(clip["num_frames"] for clip in clips)
    console.print(
        f"{tree.inputs}: {len(clips)} clips of {frames} frames, {tree.num_written} folders "
        f"written to {tree.root} in {time.monotonic() - start:.1f} s",
        soft_wrap=True,
    )
    for kind in clips[0]["kbps"]:
        rates = [clip["kbps"][kind] for clip in clips]
        console.print(f"  {kind}: {sum(rates) / len(rates):.1f} kb/s at {args.fps} fps")
    return 0


def _verify(args: argparse.Namespace, console: "Console") -> int:
    from fca2_plugin.data import verify_tree

    for root in args.paths:
        with progress_bar(console) as progress:
            num_folders = verify_tree(root, progress)
        console.print(f"{root}: {num_folders} folders; all checksums are right", soft_wrap=True)
    return 0


def _settings(args: argparse.Namespace) -> "list[CodecSettings]":
    """Return what each codec is to do, from the rates that belong to it."""
    from fca2_plugin.codec import CodecSettings

    quantized = [name for name in args.codec if name in ("x264", "x265")]
    rated = [name for name in args.codec if name in ("vp9", "av1")]
    for option, given, codecs, some in (
        ("--crf", args.crf, quantized, "x264 or x265"),
        ("--qp", args.qp, quantized, "x264 or x265"),
        ("--bitrate", args.bitrate, rated, "vp9 or av1"),
    ):
        if given and not codecs:
            raise ValueError(f"{option} needs the codec {some}; add one of them to --codec")
    rates = {"crf": args.crf or (), "qp": args.qp or ()}
    if not any(rates.values()):
        if "x265" in quantized:
            raise ValueError("x265 has no published rates; give --crf or --qp")
        rates["crf"] = (15, 25, 35)
    wanted = [(codec, {k: v}) for codec in quantized for k, values in rates.items() for v in values]
    wanted += [(codec, {"bits_per_pixel": v}) for codec in rated for v in args.bitrate or (None,)]
    return [
        CodecSettings(
            CODECS[codec],
            preset=args.speed,
            pix_fmt=args.pix_fmt or ("yuv444p" if codec == "x264" else "yuv420p"),
            fps=args.fps,
            **rate,
        )
        for codec, rate in wanted
    ]
