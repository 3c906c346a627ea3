"""The rows of the table: a network each, where its weights are at hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from fca2_plugin.checkpoints import load_part
from fca2_plugin.geometry import CENTRED
from fca2_plugin.inference.bicubic import Bicubic
from fca2_plugin.inference.shipped import load_shipped
from fca2_plugin.inference.weights_list import BICUBIC, list_shipped
from fca2_plugin.inference.wrap import wrap
from fca2_plugin.nets import BasicVSRNet, FCA2Net

from .published import PUBLISHED

__all__ = ["PAIRS", "ROWS", "Row", "find_rows"]

#: Of the three published files the one whose LQ frames were made nearly as the table's are.
PUBLISHED_FILE = "BasicVSR_Vimeo90K_BDx4.pth"
LARGE = "large"
#: What each row is, in the table's order.
ROWS: Mapping[str, str] = {
    BICUBIC: "bicubic",
    "published": "BasicVSR, published",
    "published_fca2": "BasicVSR, published, in FCA² `fast`, untrained",
    "crf": "BasicVSR, trained on for compressed video",
    "crf_fca2": "the same in FCA² `fast`, adapted",
    "small": "`small`",
    "small_fast": "`small_fast`",
}
#: Networks and the same inside FCA².
PAIRS = (("published", "published_fca2"), ("crf", "crf_fca2"), ("small", "small_fast"))


class _MissingError(Exception):
    """Weights of a row that are not there."""


@dataclass(frozen=True)
class Row:
    """A network of the table.

    Args:
        name: A key of ``ROWS``.
        network: On clips, in evaluation mode.
        phase: Where LQ pixels lay in its training; None for what the network says.
    """

    name: str
    network: nn.Module
    phase: str | None = None


def find_rows(weights: Path) -> tuple[list[Row], dict[str, str]]:
    """Build the network of every row whose weights are there.

    Args:
        weights: The folder of ``get_basicvsr``.

    Returns:
        The rows, and for each one that is left out a sentence that says why.

    Raises:
        ValueError: Weights that are there are not what they should be.
    """
    rows, left_out = [], {}
    for name, build in _builders(weights).items():
        try:
            rows.append(build(name))
        except _MissingError as error:
            left_out[name] = f"the row {name} is left out: {error}"
    return rows, left_out


def _builders(weights: Path) -> dict[str, Callable[[str], Row]]:
    def published(name: str) -> Row:
        return Row(name, _published(weights), CENTRED)

    def published_fca2(name: str) -> Row:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # the same weights in every run, so that the row is found again
            return Row(name, wrap(_published(weights), phase=CENTRED))

    def crf(name: str) -> Row:
        large = _large()
        return Row(name, large.vsr, large.spec.phase)

    builders = {BICUBIC: lambda name: Row(name, Bicubic())}
    builders |= {"published": published, "published_fca2": published_fca2}
    builders |= {"crf": crf, "crf_fca2": lambda name: Row(name, _large())}
    return builders | dict.fromkeys(("small", "small_fast"), lambda name: Row(name, _shipped(name)))


def _published(weights: Path) -> nn.Module:
    path = weights / PUBLISHED_FILE
    if not path.is_file():
        raise _MissingError(
            f"there is no {path}; `bash tools/get_basicvsr.sh {weights}` gets {len(PUBLISHED)} "
            "published files"
        )
    network = BasicVSRNet()
    load_part(network, path, "generator")
    return network.eval()


def _large() -> FCA2Net:
    network = _shipped(LARGE)
    if not isinstance(network, FCA2Net) or network.vsr is None:
        raise ValueError(
            f"the weights {LARGE} are those of a {type(network).__name__}; expected FCA2Net around "
            "a VSR network"
        )
    return network


def _shipped(name: str) -> nn.Module:
    if name not in list_shipped():
        raise _MissingError(f"no weights of the name {name} ship with this version")
    return load_shipped(name)
