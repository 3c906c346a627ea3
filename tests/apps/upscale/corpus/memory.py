"""How much memory a longer file takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.apps.upscale.corpus.cases import coded
from tests.apps.upscale.corpus.processes import peak_mib

__all__ = ["Grown", "grow"]

LENGTHS = (24, 480, 4800)  # the first shows what a start costs
LIMIT = 1.1
RATE = 25


@dataclass(frozen=True)
class Grown:
    """Peaks of resident memory.

    Args:
        preset: The network.
        lengths: Frames of the files.
        peaks_mib: Of each.
    """

    preset: str
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


def grow(folder: Path, presets: Sequence[str] = ("bicubic", "small")) -> Iterator[Grown]:
    """Measure files of 64x64 pixels with sound, of more and more frames."""
    folder.mkdir(parents=True)
    files = []
    for length in LENGTHS:
        tone = f"sine=sample_rate=16000:duration={length / RATE}"
        make = coded("-c:v libx264 -preset ultrafast -c:a aac", "64x64", RATE, length, tone)
        files.append(folder / f"{length}.mp4")
        make(files[-1])
    for preset in presets:
        peaks = []
        for file in files:
            out = folder / f"{preset}-{file.name}"
            fixed = ("--chunk", 12, "--tile", 0)  # else they depend on what is free
            options = ("--preset", preset, "--encoder-preset", "ultrafast", *fixed, "--quiet")
            peaks.append(peak_mib(["upscale", file, out, *options]))
            out.unlink()
        yield Grown(preset, LENGTHS, tuple(peaks))
