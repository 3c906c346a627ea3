"""Which networks of the zoos can be exported: each one, tiny, tried."""

import importlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.apps.benchmark.networks import HOSTS, Choice, build_pair
from fca2_plugin.apps.export.command import export_network
from fca2_plugin.nets import NETS
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer

__all__ = ["Outcome", "export_markdown", "export_table"]

SIZE = (80, 72)  # above the 64 pixels that BasicVSR++ asks for, no multiple of 32
FRAMES = 3
#: Our VSR networks that no zoo lists; all are small as they are.
COMPACT = ("FCA2CompactVSRNet", "FCA2CompactSRNet")


@dataclass(frozen=True)
class Outcome:
    """What came of one network.

    Args:
        host: Whose it is: ``mmagic``, ``basicsr`` or ``fca2_plugin``.
        network: Its name.
        sizes: ``any`` height and width, ``fixed`` ones, or None: no graph.
        max_difference: From torch, in onnxruntime.
        reason: Why there is no graph.
    """

    host: str
    network: str
    sizes: str | None = None
    max_difference: float | None = None
    reason: str = ""


def export_table(hosts: Sequence[str] = HOSTS, own: bool = True) -> Iterator[Outcome]:
    """Export every network of the hosts' zoos and of ours, and yield what came of it.

    Raises:
        ValueError: An unknown host.
        ModuleNotFoundError: A host is not installed.
    """
    for host in hosts:
        check_choice("host", host, HOSTS)
        for name in importlib.import_module(f"fca2_plugin.{host}.zoo").VSR_NETS:
            yield _try(host, name, partial(_baseline, Choice(vsr=name, host=host, tiny=True)))
    for name in (*COMPACT, *ENHANCERS) if own else ():
        build = NETS[name] if name in NETS else partial(build_enhancer, name)
        yield _try("fca2_plugin", name, build)


def _baseline(choice: Choice) -> nn.Module:
    return build_pair(choice)["baseline"]


def _try(host: str, name: str, build: Callable[[], nn.Module]) -> Outcome:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        manifest = export_network(build(), Path(folder), SIZE, FRAMES)
    if not manifest["graphs"]:
        return Outcome(host, name, reason=next(iter(manifest["not_exported"].values())))
    graph = manifest["graphs"][-1]
    sizes = "any" if "height" in graph["free_axes"] else "fixed"
    return Outcome(host, name, sizes, graph["max_difference"])


def export_markdown(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a table of docs/export.md."""
    rows = ["| from | network | exports | height, width | difference |", "|---|---|---|---|---|"]
    for one in outcomes:
        if one.sizes is None:
            rows.append(f"| {one.host} | {one.network} | no: {one.reason} | | |")
        else:
            difference = f"{one.max_difference:.0e}"
            rows.append(f"| {one.host} | {one.network} | yes | {one.sizes} | {difference} |")
    return "\n".join(rows)
