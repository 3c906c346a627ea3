"""Choose how many frames and pixels the network sees at once, so that it fits into memory."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from fca2_plugin._malloc import CLEAR_REFS, peak_growth
from fca2_plugin.inference.runner import TRIAL_SIDE, ClipRunner
from fca2_plugin.inference.tiles import spans
from fca2_plugin.inference.windows import check_window, fit_context, shot_windows
from fca2_plugin.ops.pieces import one_at_a_time

__all__ = ["Part", "Sizes", "bytes_per_pixel", "choose_sizes", "free_bytes"]

GIB = 2**30
SHARE = 0.7  # of the free memory
MEASURED_FRAMES = 12
UNMEASURED = 8  # times the result's own size
TILES = (None, 768, 512, 384, 256, 192, 128, 96, 64)
NEARLY = 1.05  # of the least work is as good, if it needs less memory
LENGTHS = (12, 8, 6, 4, 3, 2, 1)  # chunks, in units of what a network needs to see
MOST_FRAMES = 96
MIN_TILE = 32
OUTPUT_COPIES = 3  # of a result, as numbers of 4 bytes: the network's, ours, the encoder's
CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
UNLIMITED = 2**60  # version 1 writes a number of this order where there is no limit
Part = tuple[tuple[int, int], int, int]


@dataclass(frozen=True)
class Sizes:
    """How much the network sees at once.

    Args:
        chunk: Number of frames, including context.
        context: Frames at each end whose results are dropped.
        tile: Side of a tile; None means the whole frame.
        overlap: Pixels that tiles share.
    """

    chunk: int
    context: int
    tile: int | None
    overlap: int

    def __post_init__(self) -> None:
        check_window(self.chunk, self.context)
        if self.tile is not None and self.overlap >= self.tile:
            raise ValueError(
                f"tiles of {self.tile} pixels are too small for an overlap of {self.overlap}; "
                f"expected an overlap of at most {self.tile - 1}"
            )

    def halved(self, side: int, align: int) -> "Sizes | None":
        """Return smaller ones: fewer frames first, then smaller tiles; None at the end.

        Args:
            side: The longer side of a frame.
            align: Frames that the network groups.
        """
        kept = self.chunk - 2 * self.context
        if kept >= 2 * align:
            return self._with(chunk=2 * self.context + kept // 2 // align * align)
        tile = min(self.tile or side, side) // 2
        if tile >= max(MIN_TILE, 2 * self.overlap):
            return self._with(tile=tile)
        if self.context:
            context = self.context // 2 // align * align
            return self._with(context=context, chunk=2 * context + kept)
        return None

    def _with(self, **changes: int) -> "Sizes":
        return Sizes(**{**asdict(self), **changes})

    def __str__(self) -> str:
        tile = "whole frames" if self.tile is None else f"tiles of {self.tile} pixels"
        share = f", {self.overlap} shared" if self.tile else ""
        return f"chunks of {self.chunk} frames ({self.context} of context a side), {tile}{share}"


def choose_sizes(
    runner: ClipRunner,
    size: tuple[int, int],
    parts: Sequence[Part],
    cost: float,
    budget: float,
    chunk: int | None = None,
    context: int | None = None,
    tile: int | None = None,
    overlap: int = 16,
) -> Sizes:
    """Pick the sizes that fit and waste the least; of nearly equal ones, what needs least memory.

    Args:
        runner: The network.
        size: Height and width of a frame.
        parts: What has to be run: a part of each shot, (shot, start, stop) as in ``shot_windows``.
        cost: Bytes that the network needs for each pixel of each frame.
        budget: Available bytes.
        chunk: Frames, if the user chose.
        context: Frames of context, if the user chose.
        tile: Side of a tile, if the user chose; 0 means the whole frame.
        overlap: Pixels that tiles share.

    Raises:
        ValueError: The user's choices leave nothing of a chunk or tile.
    """
    align = runner.align
    wanted = fit_context(runner.context, chunk, align) if context is None else context
    tried: list[tuple[float, float, Sizes]] = []  # waste, bytes
    for frames in [chunk] if chunk else _lengths(wanted, align):
        windows = [
            window
            for shot, start, stop in parts
            for window in shot_windows(shot, start, stop, chunk=frames, context=wanted, align=align)
        ]
        seen = [window.stop - window.start for window in windows]
        kept = [window.keep.stop - window.keep.start for window in windows]
        for side in [tile or None] if tile is not None else TILES:
            if side is not None and (side >= max(size) or (tile is None and side < 2 * overlap)):
                side = None
            waste, pixels = sum(seen) / sum(kept), 1
            for length in size:
                tiles = spans(length, side, overlap)
                part = tiles[0][1]
                waste *= len(tiles) * part / length
                pixels *= part
            frame = 4 * 3 * runner.scale**2 * size[0] * size[1]
            need = cost * max(seen) * pixels + _results(runner, side, max(kept)) * frame
            tried.append((waste, need, Sizes(frames, wanted, side, overlap)))
    fits = [one for one in tried if one[1] <= budget]
    if not fits:  # the smallest sizes are tried, and halved if they do not run
        return min(tried, key=lambda one: one[1])[-1]
    least = min(waste for waste, _, _ in fits)
    good = [one for one in fits if one[0] <= NEARLY * least]
    return min(good, key=lambda one: (one[1], one[0], one[2].chunk))[-1]


def _results(runner: ClipRunner, tile: int | None, kept: int) -> int:
    """Return the number of frames of a chunk's result that are in memory together."""
    if not runner.streams:
        return OUTPUT_COPIES * kept
    return OUTPUT_COPIES + (kept if tile else 0)  # tiles are put together first


def _lengths(context: int, align: int) -> Iterator[int]:
    unit = max(context, align, 4)
    for number in LENGTHS if context else LENGTHS[3:]:  # longer ones only save context
        kept = max(align, number * unit // align * align)
        if kept + 2 * context <= MOST_FRAMES or number == 1:
            yield kept + 2 * context


def free_bytes(device: torch.device, budget_gib: float | None) -> float:
    """Return the bytes that the network may use: the user's limit, or most of the free memory."""
    if budget_gib is not None:
        return budget_gib * GIB
    if device.type == "cuda":
        return SHARE * torch.cuda.mem_get_info(device)[0]
    free = 4.0 * GIB / SHARE
    meminfo = Path("/proc/meminfo")
    for line in meminfo.read_text().splitlines() if meminfo.exists() else ():
        if line.startswith("MemAvailable:"):
            free = 1024 * int(line.split()[1])
    return SHARE * min([free, *container_bytes()])


def container_bytes(root: Path = CGROUPS, own: Path = OWN_CGROUPS) -> list[float]:
    """Return the free bytes under the limit of each container of this process that has a limit.

    Args:
        root: The folder of the system's control groups.
        own: The file that lists this process's groups.
    """
    found = []
    for line in own.read_text().splitlines() if own.exists() else ():
        _, kinds, place = line.split(":", 2)
        # version 2 has one tree for all, version 1 one for each kind
        names = ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")
        if kinds not in ("", "memory"):
            continue
        tree, (limit, used) = (root / kinds, names[1]) if kinds else (root, names[0])
        # a container often sees its own group as the root; any group above may have a limit, too
        inner = tree / place.lstrip("/")
        for folder in {tree, inner, *(p for p in inner.parents if p.is_relative_to(tree))}:
            if (folder / limit).exists() and (folder / used).exists():
                most = (folder / limit).read_text().strip()
                if most != "max" and int(most) < UNLIMITED:
                    held = _inactive_file(folder / "memory.stat")
                    left = int(most) - int((folder / used).read_text()) + held
                    found.append(float(max(0, left)))
    return found


def _inactive_file(stat: Path) -> int:
    """Return the bytes of cached files, which the system drops when memory is needed."""
    lines = stat.read_text().splitlines() if stat.exists() else []
    facts = dict(line.split(maxsplit=1) for line in lines)
    return int(facts.get("total_inactive_file", facts.get("inactive_file", 0)))


@torch.inference_mode()
@one_at_a_time()
def bytes_per_pixel(runner: ClipRunner) -> float:
    """Measure on a small clip how many bytes the network needs for each pixel of each large frame.

    A pass before it loads what does not depend on the clip. What a frame of the result needs while
    it is made is spread over the clip's frames, so the result is a little too large.
    """
    channels = 1 if runner.is_luma else 3
    # the clip, and its result on its way
    floor = 4.0 * channels * (2 + (0 if runner.streams else 3 * runner.scale**2))
    frames = -(-MEASURED_FRAMES // runner.align) * runner.align
    on_gpu = runner.device.type == "cuda"
    if not on_gpu and not CLEAR_REFS.exists():
        return UNMEASURED * floor
    clip = runner.trial_clip(frames)
    _run(runner, clip[:, : max(2, runner.align)])
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(runner.device)
        before = torch.cuda.memory_allocated(runner.device)
        _run(runner, clip)
        peak = torch.cuda.max_memory_allocated(runner.device) - before
    else:
        peak = peak_growth(lambda: _run(runner, clip))
    return max(floor, peak / (frames * TRIAL_SIDE**2))


def _run(runner: ClipRunner, clip: torch.Tensor) -> None:
    deque(runner.stream(clip), maxlen=0)  # keeps nothing
