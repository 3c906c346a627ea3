"""How much memory a longer file takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.apps.upscale.corpus.cases import coded
from tests.apps.upscale.corpus.processes import peak_mib

__all__ = ["LIMIT", "Grown", "grow"]

LENGTHS = (24, 240, 2400)  # the first shows what a start costs
LIMIT = 1.1
RATE = 25
SIZES = {"bicubic": "48x48", "small": "32x32"}
OPTIONS = ("--speed", "ultrafast", "--chunk", 12, "--tile", 0, "--quiet")


@dataclass(frozen=True)
class Grown:
    """Peaks of resident memory.

    Args:
        preset: The network.
        size: Of the frames.
        lengths: Of the files, in frames.
        peaks_mib: Of each.
    """

    preset: str
    size: str
    lengths: tuple[int, ...]
    peaks_mib: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The longest file's to that of one a tenth as long."""
        return self.peaks_mib[-1] / self.peaks_mib[-2]

    @property
    def is_flat(self) -> bool:
        """Whether it is as it must be."""
        return self.ratio <= LIMIT


def grow(folder: Path) -> Iterator[Grown]:
    """Measure files with sound, of more and more frames."""
    folder.mkdir(parents=True)
    for preset, size in SIZES.items():
        peaks = []
        for length in LENGTHS:
            source, out = folder / f"{preset}-{length}.mp4", folder / f"{preset}-{length}.mkv"
            tone = f"sine=sample_rate=16000:duration={length / RATE}"
            coded("-c:v libx264 -preset ultrafast -c:a aac", size, RATE, length, tone)(source)
            peaks.append(peak_mib(["upscale", source, out, "--weights", preset, *OPTIONS]))
            out.unlink()
        yield Grown(preset, size, LENGTHS, tuple(peaks))
