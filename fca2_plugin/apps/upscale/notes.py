"""What there is to know of a source, a sentence each."""

from fca2_plugin.apps.upscale.options import AUTO, UpscaleOptions
from fca2_plugin.codec.layout import Layout
from fca2_plugin.codec.scan import Scan

__all__ = ["source_notes"]


def source_notes(given: Scan, layout: Layout, options: UpscaleOptions) -> list[str]:
    """Say what was taken for granted, and what is lost."""
    notes = []
    if options.stream is None and len(layout.films) > 1:
        films = ", ".join(str(track) for track in layout.films)
        notes.append(
            f"the source contains {len(layout.films)} videos ({films}): stream "
            f"{layout.stream} is used; choose another with --stream"
        )
    resolved = given.tags.resolved(given.height)
    has_matrix = given.pix_fmt.startswith(("yuv", "nv", "p0", "p2", "p4", "uyvy"))
    if has_matrix and options.source_matrix is None and given.tags.matrix != resolved.matrix:
        notes.append(
            f"the source does not name its colour matrix: {resolved.matrix_name} is assumed, as is "
            f"usual for {given.height} lines, and the result is marked so"
        )
    if given.interlaced and options.deinterlace != AUTO:
        notes.append("the source is interlaced: --deinterlace auto gives a better result")
    if given.film:
        notes.append(
            f"the source is film in 3:2 pulldown: its {len(given.sums)} frames became the "
            f"{len(given)} of the film, {float(given.rate):.2f} a second"
        )
    elif options.deinterlace == AUTO and not given.interlaced:
        notes.append("no frame of the source is marked as interlaced, so nothing was deinterlaced")
    if given.num_resized:
        notes.append(
            f"{given.num_resized} frames of the source differ from the first in size or pixel "
            f"format; they were converted to its {given.width}x{given.height} {given.pix_fmt}"
        )
    if given.has_alpha:
        notes.append("the source's transparency is left out")
    if given.num_damaged:
        notes.append(f"{given.num_damaged} damaged places of the source were skipped")
    if given.dynamic:
        notes.append(
            f"the {given.dynamic} data of each frame are left out, because PyAV does not pass them "
            "on"
        )
    if given.num_jumps:
        notes.append(
            f"the source's clock jumps {given.num_jumps} times; in the result its parts follow "
            "each other, pictures and sound alike"
        )
    if given.num_moved:
        notes.append(
            f"{given.num_moved} frames had no time, or a time that was not after the previous "
            "frame's; they were given a new one"
        )
    return notes
