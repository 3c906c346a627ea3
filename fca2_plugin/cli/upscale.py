"""``fca2 upscale``."""

import argparse

from fca2_plugin.cli._network import add_network

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "upscale or enhance a video; sound, subtitles, chapters and frame times are kept"
EXAMPLE = "fca2 upscale in.mp4 out.mp4 --weights small"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", metavar="IN", help="videos, or a folder of videos")
    parser.add_argument(
        "out", metavar="OUT", help="the result; a folder for several or a folder of videos"
    )

    add_network(parser)

    coding = parser.add_argument_group("the result")
    coding.add_argument(
        "--codec", help="FFmpeg's name of the encoder (default: libx264, libvpx-vp9 for .webm)"
    )
    coding.add_argument(
        "--crf", type=int, help="constant quality, the encoder's scale (default: 18 for libx264)"
    )
    coding.add_argument("--encoder-preset", metavar="NAME", help="the encoder's speed")
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
    show.add_argument(
        "--preview",
        type=float,
        metavar="SECONDS",
        help="write only so much: the bicubic picture on the left, the network's on the right",
    )
    show.add_argument(
        "--preview-start", type=float, default=0.0, metavar="SECONDS", help="where it begins"
    )
    show.add_argument("--quiet", action="store_true", help="show nothing but errors")
    show.add_argument("--json", action="store_true", help="progress as a JSON object a line")


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.upscale import UpscaleOptions
    from fca2_plugin.apps.upscale.files import upscale_files
    from fca2_plugin.apps.upscale.show import reporter

    options = UpscaleOptions(
        codec=args.codec,
        crf=args.crf,
        encoder_preset=args.encoder_preset,
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
    )
    with reporter("json" if args.json else "quiet" if args.quiet else "bar") as report:
        upscale_files(
            args.source,
            args.out,
            config=args.config,
            checkpoint=args.checkpoint,
            weights=args.weights,
            options=options,
            report=report,
            dry_run=args.dry_run,
        )
    return 0


def _pairs(options: list[str]) -> dict[str, str]:
    for option in options:
        if "=" not in option:
            raise ValueError(f"encoder option {option!r} has no value; expected KEY=VALUE")
    return dict(option.split("=", 1) for option in options)
