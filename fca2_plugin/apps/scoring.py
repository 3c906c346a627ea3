"""Scoring clips: one after the other, or several processes at once; without torch.

A *method* takes a ``ClipPair`` and yields its result frame by frame, each with the milliseconds
that it took or None: finished results are read, bicubic is computed, and a network is another
module's. It may have ``clip_facts()``, what is to be said of the clip that it has just gone
through.
"""

import itertools
import math
import os
import shutil
import time
import typing
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean

import numpy as np

from fca2_plugin._files import folder_at_once
from fca2_plugin.apps.journal import Journal
from fca2_plugin.apps.pairs import ClipPair, size_message
from fca2_plugin.data import bicubic_upsample, media_frames
from fca2_plugin.data.clips import encode_png
from fca2_plugin.data.jobs import workers
from fca2_plugin.geometry import CENTRED
from fca2_plugin.metrics import Protocol, start_metrics
from fca2_plugin.metrics.displacement import Displacement, find_displacement
from fca2_plugin.metrics.frames import rgb_to_y

__all__ = [
    "BicubicFloor",
    "Method",
    "Scorer",
    "StoredFrames",
    "default_jobs",
    "score_all",
]

WORTH_SAYING_DB = 0.3


class Method(typing.Protocol):
    """What is measured: it yields the result of a pair frame by frame."""

    @property
    def name(self) -> str:
        """For tables."""

    def __call__(self, pair: ClipPair) -> Iterator[tuple[np.ndarray, float | None]]:
        """Each frame with the milliseconds that it took, if that is known."""


@dataclass(frozen=True)
class StoredFrames:
    """Frames that are there: finished results, or the LQ itself, the floor of enhancement.

    Args:
        side: ``sr`` or ``lq``.
        name: For tables.
    """

    side: str
    name: str

    def __call__(self, pair: ClipPair) -> Iterator[tuple[np.ndarray, None]]:
        for frame in media_frames(pair.need(self.side)):
            yield frame, None


@dataclass(frozen=True)
class BicubicFloor:
    """Bicubic upsampling that knows where the LQ pixels are: the harder floor.

    Args:
        scale: How many times larger.
        phase: Where they lie, a word of ``fca2_plugin.geometry``.
    """

    scale: int = 4
    phase: str = CENTRED
    name: str = "bicubic"

    def __call__(self, pair: ClipPair) -> Iterator[tuple[np.ndarray, float]]:
        for frame in media_frames(pair.need("lq")):
            start = time.perf_counter()
            frame = bicubic_upsample(frame, self.scale, self.phase)
            yield frame, 1000 * (time.perf_counter() - start)


@dataclass(frozen=True)
class Scorer:
    """Everything that turns a pair into numbers; can be sent to another process.

    Args:
        method: Gives the frames.
        protocol: How they are compared.
        metrics: More measures, of ``fca2_plugin.metrics.METRICS``.
        weights: ``lpips_weights`` and ``raft_weights`` of ``start_metrics``.
        save: Folder for the frames, ``save[/condition]/<clip>/00000000.png``.
    """

    method: Method
    protocol: Protocol
    metrics: Sequence[str] = ()
    weights: dict[str, str | Path | None] = field(default_factory=dict)
    save: Path | None = None

    def __call__(self, pair: ClipPair, tick: Callable[[], None] | None = None) -> dict:
        """Score a clip.

        Args:
            pair: The clip, counted by ``check_pairs``.
            tick: Called after each frame.

        Returns:
            The clip's entry in the JSON: means, ``num_frames``, ``first_frame`` (the first that is
            scored), ``identical_frames`` (of infinite PSNR), ``frames`` with every value, and
            ``ms_per_frame``, ``displacement`` where moving the middle frame by up to two pixels
            would gain more than 0.3 dB, and what the method's ``clip_facts`` say. Where the
            protocol reports
            gains and there is an LQ, also ``psnr_input`` and ``ssim_input`` of the LQ,
            ``delta_psnr`` in dB, and ``delta_ssim_1e4``, in units of 1e-4.

        Raises:
            FileNotFoundError: A file, weights or a program that is needed is not there.
            ValueError: A frame cannot be compared; the message names clip and frame.
        """
        skip = self.protocol.skip_frames
        if pair.num_frames <= 2 * skip:
            raise ValueError(
                f"{pair.label} has {pair.num_frames} frames, but the protocol {self.protocol.name} "
                f"leaves out {skip} at each end; use longer clips"
            )
        measures = start_metrics(self.metrics, **self.weights)
        gains = self.protocol.gain and pair.lq is not None
        values: dict[str, list[float]] = defaultdict(list)
        beside = Displacement(0.0, 0.0)
        times: list[float] = []
        folder = self.save and self.save / pair.condition / pair.name
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
        with folder_at_once(folder) if folder else nullcontext() as temporary:
            count = pair.num_frames
            inputs = media_frames(pair.need("lq")) if gains else itertools.repeat(None, count)
            frames = zip(self.method(pair), media_frames(pair.gt), inputs, strict=True)
            for index, ((sr, milliseconds), gt, lq) in enumerate(frames):
                if sr.shape[:2] != gt.shape[:2]:
                    raise ValueError(size_message(pair.label, "SR", sr.shape[:2], gt.shape[:2]))
                if milliseconds is not None:
                    times.append(milliseconds)
                if temporary is not None:
                    (temporary / f"{index:08d}.png").write_bytes(encode_png(sr))
                if index == pair.num_frames // 2 and sr.ndim == 3:
                    beside = find_displacement(rgb_to_y(sr), rgb_to_y(gt))
                if skip <= index < pair.num_frames - skip:
                    try:
                        for name, value in self.protocol.measure(sr, gt, lq).items():
                            values[name].append(value)
                        for measure in measures:
                            measure.add(sr, gt)
                    except (ValueError, TypeError) as error:
                        raise type(error)(f"{pair.label}, frame {index}: {error}") from error
                if tick is not None:
                    tick()
        for measure in measures:
            values[measure.name] = measure.finish()
        return {
            **{name: fmean(of) for name, of in values.items() if of},
            "num_frames": pair.num_frames,
            "first_frame": skip,
            "identical_frames": sum(map(math.isinf, values["psnr"])),
            "frames": dict(values),
            "ms_per_frame": fmean(times) if times else None,
            **({"displacement": beside._asdict()} if beside.gain_db > WORTH_SAYING_DB else {}),
            **getattr(self.method, "clip_facts", dict)(),
        }


def score_all(
    scorer: Scorer,
    pairs: Sequence[ClipPair],
    journal: Journal,
    *,
    jobs: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, dict]:
    """Score clips, and return each one's numbers by its label.

    Args:
        scorer: Scores one.
        pairs: The clips, counted by ``check_pairs``.
        journal: What a killed run measured, which is not measured again, and what this one does.
        jobs: Processes; 1 stays in this one.
        progress: Called as ``progress(frames done, frames in all, clip)``.

    Raises:
        ChildProcessError: A process was killed from outside.
        ValueError: ``jobs`` is below 1, or as ``Scorer``.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    results = {pair.label: kept for pair in pairs if (kept := journal.get(pair)) is not None}
    total, done = sum(pair.num_frames for pair in pairs), 0

    def advance(frames: int, label: str) -> None:
        nonlocal done
        done += frames
        if progress is not None:
            progress(done, total, label)

    advance(sum(pair.num_frames for pair in pairs if pair.label in results), "")
    waiting = [pair for pair in pairs if pair.label not in results]
    for pair, result in _scored(scorer, waiting, min(jobs, len(waiting)), advance):
        results[pair.label] = result
        journal.put(pair, result)
    return results


def _scored(
    scorer: Scorer, pairs: Sequence[ClipPair], jobs: int, advance: Callable[[int, str], None]
) -> Iterator[tuple[ClipPair, dict]]:
    """Yield each clip as soon as it is done; in this process ``advance`` hears of every frame."""
    if jobs < 2:
        for pair in pairs:
            yield pair, scorer(pair, partial(advance, 1, pair.label))
        return
    longest_first = sorted(pairs, key=lambda pair: -pair.num_frames)
    with workers(jobs, scorer) as run:
        for pair, result in run(_score, [(pair,) for pair in longest_first]):
            advance(pair.num_frames, pair.label)
            yield pair, result


def _score(scorer: Scorer, pair: ClipPair) -> tuple[ClipPair, dict]:
    return pair, scorer(pair)


def default_jobs() -> int:
    """One process for each core that this one may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
