"""A plan in words: what ``--dry-run`` prints."""

from collections.abc import Iterator

import torch

from fca2_plugin.apps.upscale.color import to_rgb
from fca2_plugin.apps.upscale.job import Job
from fca2_plugin.apps.upscale.pictures import source_pictures
from fca2_plugin.apps.upscale.plan import Window, windows
from fca2_plugin.inference.facts import device_name

__all__ = ["describe"]

MIB, GIB = 2**20, 2**30
MOST_CUTS = 40  # that are listed
MOST_PLANNED = 8  # chunks whose groups are looked at


def describe(job: Job) -> dict[str, object]:
    """Everything that was decided, in JSON types, under names for people."""
    given, layout, sizes = job.look.scan, job.look.layout, job.sizes
    height, width = job.size
    seen = [w for s in job.segments for w in windows(s, sizes, job.runner.align)]
    lengths = [window.stop - window.start for window in seen]
    facts = {
        "source": f"{job.look.source}: {len(given)} frames of {given.width}x{given.height} "
        f"{given.pix_fmt}, {given.seconds:.2f} s, {float(given.rate):.6g} fps on average",
        "colours": str(given.tags),
        "picture": _picture(job),
        "copied": [str(track) for track in job.copied],
        "chapters": len(layout.chapters),
        "result": f"{job.out}: {job.last - job.first} frames of {width}x{height}",
        "encoder": " ".join(
            [job.output.codec, job.output.pix_fmt]
            + [f"{key}={value}" for key, value in job.output.all_options().items()]
        ),
        "network": f"{job.runner.name}, {job.runner.scale} times larger"
        + (", luma alone" if job.runner.is_luma else ""),
        "device": device_name(job.runner.device),
        "cuts": _cuts(job),
        "segments": f"{len(job.segments)}, an interrupted job resumes at the end of one",
        "chunks": f"{len(seen)}: {sizes}",
        "groups": _groups(job, seen),
        "memory": _memory(job, max(lengths)),
        "notes": list(job.notes),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _picture(job: Job) -> str:
    given = job.look.scan
    parts = [f"pixels {given.aspect}"] if given.aspect != 1 else []
    parts += [f"turned by {given.rotation} degrees"] if given.rotation else []
    parts += ["interlaced" if given.interlaced else "progressive"]
    how = "film out of 3:2 pulldown by fieldmatch" if given.film else "deinterlaced by bwdif"
    parts += [how] if job.deinterlaced else []
    top, left, high, wide = job.geometry.box
    if (high, wide) != (given.height, given.width):
        parts += [f"cropped to {wide}x{high} at {left}, {top}"]
    return ", ".join(parts)


def _memory(job: Job, frames: int) -> str:
    free = f"{job.budget / GIB:.1f} GiB may be used"
    if not job.cost:
        return f"chunk and tile were given, {free}"
    height, width = job.geometry.given
    tile = job.sizes.tile or max(height, width)
    pixels = frames * min(tile, height) * min(tile, width)
    return f"about {job.cost * pixels / MIB:.0f} MiB for the network, {free}"


def _cuts(job: Job) -> list[str] | str:
    if not job.options.cuts:
        return "not searched for"
    given = job.look.scan
    first = int(given.times[0])
    found = [
        f"frame {cut}, {float((int(given.times[cut]) - first) * given.time_base):.2f} s"
        for cut in given.cuts
    ]
    more = [f"and {len(found) - MOST_CUTS} more"] if len(found) > MOST_CUTS else []
    return found[:MOST_CUTS] + more


def _groups(job: Job, seen: list[Window]) -> list[str] | str | None:
    """How FCA² divides the chunks; None for other networks."""
    network = job.runner.network
    autoencoder = getattr(network, "autoencoder", None)
    if autoencoder is None:
        return None
    if job.runner.groups_adapt:
        return _adaptive_groups(job, seen)
    if job.runner.plans_shots:
        shots = dict.fromkeys(window.shot for window in seen)
        frames = sum(last - first for first, last in shots)
        codes = sum(len(network.plan_ahead(last - first)) for first, last in shots)
        return f"{frames} frames in {len(shots)} shots, encoded into {codes} codes"
    lengths = [window.stop - window.start for window in seen]
    counts = list(_group_sizes(lengths, network.chunk_frames))
    codes = sum(map(autoencoder.num_codes, counts))
    return f"{sum(lengths)} frames in {len(counts)} parts, encoded into {codes} codes"


def _adaptive_groups(job: Job, seen: list[Window]) -> list[str]:
    """What is chosen for the first chunks; it takes a look at their frames."""
    texts = []
    for window in seen[:MOST_PLANNED]:
        seen_now = source_pictures(job, window.start, window.stop)
        clip = [to_rgb(picture, job.tags, job.runner.device) for picture in seen_now]
        text = job.runner.plan_groups(torch.stack(clip)[None])
        texts.append(f"frames {window.start} to {window.stop - 1}: {text}")
    if len(seen) > MOST_PLANNED:
        texts.append(f"and {len(seen) - MOST_PLANNED} more chunks, planned when they are reached")
    return texts


def _group_sizes(lengths: list[int], group: int | None) -> Iterator[int]:
    for length in lengths:
        yield from [group] * -(-length // group) if group else [length]
