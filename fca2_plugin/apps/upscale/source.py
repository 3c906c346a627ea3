"""A job's pictures: the source's as the network sees them, and what makes larger ones of them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

from fca2_plugin.apps.upscale.frames import PictureUpscaler
from fca2_plugin.apps.upscale.job import Job
from fca2_plugin.codec.filters import conform, deinterlace
from fca2_plugin.codec.picture import Picture, to_picture
from fca2_plugin.codec.scan import frames

__all__ = ["picture_upscaler", "source_pictures"]

NEIGHBOURS = 4  # stored frames on either side that deinterlacing looks at, and more


def source_pictures(
    job: Job, start: int, stop: int, check: Callable[[], None] = lambda: None
) -> Iterator[Picture]:
    """Yield the pictures of frames ``start`` to ``stop``; ``check`` may raise at any of them.

    Raises:
        ValueError: The file changed since the first pass.
    """
    found, given = job.look, job.look.scan
    margin = NEIGHBOURS if job.deinterlaced else 0
    wanted = given.stored_numbers(start, stop).tolist()
    first, last = max(0, wanted[0] - margin), min(len(given.sums), wanted[-1] + 1 + margin)
    index, tolerant = found.layout.stream, job.options.keep_going
    with closing(frames(found.source, index, given, first, last, tolerant, check)) as decoded:
        ready = conform(decoded, given)
        if job.deinterlaced:
            ready = deinterlace(ready, given.film)
        for number, frame in enumerate(islice(ready, wanted[-1] + 1 - first), start=first):
            if number == wanted[0]:
                del wanted[0]
                yield to_picture(frame).cropped(*job.geometry.box)


def picture_upscaler(job: Job) -> PictureUpscaler:
    """What makes the result's pictures of the source's."""
    return PictureUpscaler(
        job.runner,
        job.tags,
        job.pixels,
        compare=job.options.preview_seconds is not None,
        types=job.look.scan.types,
        size=job.geometry.size,
        strength=job.options.strength,
    )
