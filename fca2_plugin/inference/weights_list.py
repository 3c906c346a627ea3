"""Networks that can be used without a config and a checkpoint: names and short descriptions.

``weights/index.json`` lists what ships:

    {"small": {"about": "...", "scale": 4, "file": "small.safetensors", "sha256": "...",
               "card": "small.md", "net": {"type": "FCA2CompactVSRNet"}}}

The help of ``fca2 upscale`` uses this module, so it must not import torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fca2_plugin._files import read_json

__all__ = ["BICUBIC", "INDEX", "WEIGHTS", "Shipped", "list_weights", "list_shipped", "offers"]

WEIGHTS = Path(__file__).parents[1] / "weights"
INDEX = "index.json"
BICUBIC = "bicubic"  # the one that needs no weights
BICUBIC_SCALE = 4


@dataclass(frozen=True)
class Shipped:
    """Weights in the package.

    Args:
        about: Their purpose in a few words.
        scale: Scaling factor; 1 means enhancement.
        file: Their file, in the folder of the index.
        sha256: Checksum of that file.
        card: A Markdown file beside it about their training, results and limits.
        net: The config of their network.
    """

    about: str
    scale: int
    file: str
    sha256: str
    card: str
    net: Mapping


def list_shipped(folder: Path = WEIGHTS) -> dict[str, Shipped]:
    """The networks that ship, by name."""
    if not (folder / INDEX).is_file():
        return {}
    entries = read_json(folder / INDEX)
    return {name: Shipped(**entry) for name, entry in entries.items()}


def list_weights() -> dict[str, str]:
    """The networks that ship, each with a description that begins with its scale.

    Example:
        >>> sorted(list_weights())
        ['bicubic', 'enhance_stdf', 'enhance_tgafnet', 'large', 'small', 'small_fast']
    """
    return {name: f"x{scale}, {about}" for name, (scale, about) in _networks().items()}


def offers() -> str:
    """The networks that ship, as the end of a sentence."""
    names = (f"{name} (x{scale})" for name, (scale, _) in _networks().items())
    return f"the networks that ship (--weights NAME): {', '.join(names)}"


def _networks() -> dict[str, tuple[int, str]]:
    shipped = {name: (entry.scale, entry.about) for name, entry in list_shipped().items()}
    return {BICUBIC: (BICUBIC_SCALE, "cubic interpolation, no network"), **shipped}
