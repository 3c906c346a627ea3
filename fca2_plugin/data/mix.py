"""How each training clip is compressed."""

from dataclasses import dataclass

import numpy as np

from fca2_plugin.codec.settings import MAX_QUANTIZER

__all__ = ["CrfMix", "FolderMix"]


@dataclass(frozen=True)
class CrfMix:
    """Half of the clips stay raw; the rest are spread evenly over the CRFs (paper, Sec. IV-A).

    Args:
        crfs: The CRFs to choose from.
        raw_prob: The share of clips that are not compressed.

    Raises:
        ValueError: A CRF or the probability is out of range, or there is no CRF to draw.

    Example:
        >>> CrfMix(crfs=(15, 25, 35), raw_prob=0.5).crfs
        (15, 25, 35)
    """

    crfs: tuple[int, ...] = (15, 25, 35)
    raw_prob: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "crfs", tuple(self.crfs))  # configs bring lists
        if not 0 <= self.raw_prob <= 1:
            raise ValueError(f"raw_prob must lie between 0 and 1, got {self.raw_prob!r}")
        for crf in self.crfs:
            if not (isinstance(crf, int) and 0 <= crf <= MAX_QUANTIZER):
                raise ValueError(
                    f"crfs must be whole numbers from 0 to {MAX_QUANTIZER}, got {crf!r}"
                )
        if not self.crfs and self.raw_prob < 1:
            raise ValueError(
                f"crfs is empty but raw_prob is {self.raw_prob}; give a CRF, or raw_prob=1"
            )

    @property
    def draws_one_value(self) -> bool:
        """Whether every draw gives the same."""
        return self.raw_prob == 1 or (self.raw_prob == 0 and len(set(self.crfs)) == 1)

    def draw(self, rng: np.random.Generator) -> int | None:
        """Return a clip's CRF, or ``None`` for a raw clip; call it once a clip."""
        if rng.random() < self.raw_prob:
            return None
        return int(rng.choice(self.crfs))


@dataclass(frozen=True)
class FolderMix:
    """Clips are spread evenly over folders, each of which holds all of them in another way.

    Args:
        folders: The folders to choose from.
    """

    folders: tuple[str, ...]
    crfs: tuple[int, ...] = ()
    raw_prob: float = 1

    @property
    def draws_one_value(self) -> bool:
        """Whether every draw gives the same."""
        return len(set(self.folders)) == 1

    def draw(self, rng: np.random.Generator) -> str:
        """Return a clip's folder; call it once a clip. It draws as often as ``CrfMix``."""
        rng.random()
        return str(rng.choice(self.folders))
