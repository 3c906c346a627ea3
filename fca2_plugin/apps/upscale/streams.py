"""Which of the source's streams the result gets, and whether its container takes them."""

from pathlib import Path

from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.codec.layout import Layout, Track, can_hold, unsupported

__all__ = ["check_codec", "choose_streams"]

ENDINGS = (".mkv", ".mp4", ".mov")


def check_codec(out: Path, codec: str) -> None:
    """Refuse a container that does not take what an encoder writes.

    Raises:
        ValueError: It is one.
    """
    if not can_hold(out, codec):
        others = [ending for ending in ENDINGS if can_hold(f"other{ending}", codec)]
        raise ValueError(
            f"{out.suffix} files cannot contain video coded by {codec}; name the result "
            f"{' or '.join(others)}, or choose another encoder with --codec"
        )


def choose_streams(
    layout: Layout, out: Path, options: UpscaleOptions
) -> tuple[list[Track], list[Track]]:
    """The streams to copy, and those that the container cannot hold.

    Raises:
        ValueError: Somebody would miss what it cannot hold.
    """
    lost = unsupported(layout, out)
    missed = [track for track in lost if track.is_essential]
    if missed and not options.drop_unsupported:
        others = [
            ending
            for ending in ENDINGS
            if not any(track.is_essential for track in unsupported(layout, f"other{ending}"))
        ]
        way_out = f"name the result {' or '.join(others)}, or " if others else ""
        raise ValueError(
            f"{out.suffix} cannot hold {', '.join(map(str, missed))}; {way_out}leave them out with "
            "--drop-unsupported"
        )
    return [track for track in layout.others if track not in lost], lost
