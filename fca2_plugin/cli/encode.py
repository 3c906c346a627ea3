"""``fca2 encode``."""

import argparse
import time
from typing import TYPE_CHECKING

from fca2_plugin._progress import progress_bar
from fca2_plugin.cli._options import given

if TYPE_CHECKING:
    from rich.console import Console

    from fca2_plugin.codec import CodecSettings

__all__ = ["DEFAULTS", "EXAMPLE", "HELP", "OLD", "OPTIONS", "run"]

HELP = "make a compressed data set from videos or frames, with a manifest that rebuilds it"
EXAMPLE = "fca2 encode videos/ data/mine --codec x264 --crf 15 25 35"
CODECS = {"x264": "libx264", "x265": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
QUANTIZED, RATED = ("x264", "x265"), ("vp9", "av1")  # what tells them how good to be
OPTIONS = {
    "": {
        "paths SRC ... DST ...": "one or more sources (Vimeo-90K, REDS, Vid4, a folder of frame "
        "folders, an LMDB, or videos), then the folder to write",
        "--verify": "only check the checksums of DST",
        "--degradation NAME": "how frames are made smaller: gaussian (sigma 1.5, pixels as in "
        "ordinary video), comisr (as in the published data of compressed VSR: every 4th pixel from "
        "the first), bd (MATLAB), duf, bi (bicubic), area or none (default: gaussian)",
        "--scale N": "how many times smaller (default: 4; 1 with --degradation none)",
        "--codec x264|x265|vp9|av1|none ...": "x264 or x265; vp9 or av1, which imitate an upload "
        "to a video site; none makes frames smaller without coding them (default: x264)",
        "--crf CRF ...": "constant rate factors for x264 and x265 (default for x264: 15 25 35)",
        "--qp QP ...": "constant QPs for x264 and x265",
        "--bitrate BPP ...": "bitrates for vp9 and av1, in bits for each pixel (default: 0.065 and "
        "0.0455, as on a video site)",
        "--pix-fmt NAME": "pixel format: yuv444p or yuv420p (default: yuv444p for x264, as "
        "published, and yuv420p for the others)",
        "--speed SPEED": "the encoder's speed (default: medium for x264 and x265, 2 for vp9, 4 for "
        "av1)",
        "--fps RATE": "frames a second (default: 10, as published)",
        "--split train|test": "write below DST/SPLIT; for Vimeo-90K and REDS, use only the clips "
        "of this split",
        "--clips NAME ...": "use only these clips",
        "--clip-frames N": "cut into clips of N frames",
        "--no-gt": "write no ground truth",
        "--format FORMAT": "how frames are stored: png or lmdb (default: png)",
        "--keep-bitstreams": "also store the coded clips",
        "--jobs N": "number of processes (default: one for each core)",
        "--quiet": "show no progress",
    }
}
DEFAULTS = {"codec": ["x264"], "fps": 10}
OLD = {"--preset": "--speed"}


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    console = Console(quiet=args.quiet, highlight=False)
    if args.verify:
        return _verify(args, console)
    if len(args.paths) < 2:
        raise ValueError(f"{args.paths[0]} is a single path; give a source and a destination")
    return _encode(args, console)


def _encode(args: argparse.Namespace, console: "Console") -> int:
    from fca2_plugin.data import encode_tree

    start = time.monotonic()
    settings = given(
        args, "degradation scale split clips clip_frames format keep_bitstreams jobs".split()
    )
    if args.degradation == "none":
        settings = {"scale": 1, **settings}
    with progress_bar(console) as progress:
        tree = encode_tree(
            args.paths[:-1],
            args.paths[-1],
            **settings,
            codecs=_settings(args),
            keep_gt=not args.no_gt,
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

    for option, codecs in (("crf", QUANTIZED), ("qp", QUANTIZED), ("bitrate", RATED)):
        if getattr(args, option) and not set(codecs) & set(args.codec):
            raise ValueError(
                f"--{option} needs the codec {' or '.join(codecs)}; add one of them to --codec"
            )
    rates = [{"crf": crf} for crf in args.crf or ()] + [{"qp": qp} for qp in args.qp or ()]
    if not rates:
        if "x265" in args.codec:
            raise ValueError("x265 has no published rates; give --crf or --qp")
        rates = [{"crf": crf} for crf in (15, 25, 35)]
    bitrates = [{"bits_per_pixel": bitrate} for bitrate in args.bitrate or (None,)]
    return [
        CodecSettings(
            CODECS[codec],
            preset=args.speed,
            pix_fmt=args.pix_fmt or ("yuv444p" if codec == "x264" else "yuv420p"),
            fps=args.fps,
            **rate,
        )
        for codec in sorted(args.codec, key=RATED.__contains__)
        for rate in (bitrates if codec in RATED else rates if codec in QUANTIZED else ())
    ]
