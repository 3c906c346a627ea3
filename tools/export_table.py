"""Which networks of the zoos can be exported: the command of ``export_table.sh``."""

import importlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import nn

from fca2_plugin.apps.benchmark.networks import HOSTS, Choice, build_pair
from fca2_plugin.apps.export import export_network
from fca2_plugin.nets import NETS
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer

__all__ = ["table_line"]

SIZE = (80, 72)  # above the 64 pixels that BasicVSR++ asks for, no multiple of 32
FRAMES = 3
#: Our VSR networks that no zoo lists; all are small as they are.
COMPACT = ("FCA2CompactVSRNet", "FCA2CompactSRNet")


def networks() -> Iterator[tuple[str, str, Callable[[], nn.Module]]]:
    """Whose it is, its name, and what builds it."""
    for host in HOSTS:
        for name in importlib.import_module(f"fca2_plugin.{host}.zoo").VSR_NETS:
            yield host, name, partial(_baseline, Choice(vsr=name, host=host, tiny=True))
    for name in COMPACT:
        yield "fca2_plugin", name, NETS[name]
    for name in ENHANCERS:
        yield "fca2_plugin", name, partial(build_enhancer, name)


def _baseline(choice: Choice) -> nn.Module:
    return build_pair(choice)["baseline"]


def table_line(owner: str, name: str, manifest: Mapping[str, Any]) -> str:
    """What came of a network, as a line of Markdown."""
    if not manifest["graphs"]:
        reason = next(iter(manifest["not_exported"].values()))
        return f"| {owner} | {name} | no: {reason} | | |"
    graph = manifest["graphs"][-1]
    sizes = "any" if "height" in graph["free_axes"] else "fixed"
    return f"| {owner} | {name} | yes | {sizes} | {graph['max_difference']:.0e} |"


def main() -> None:
    """Print the table, line by line."""
    print("| from | network | exports | height, width | difference |\n|---|---|---|---|---|")
    with Console(stderr=True).status("networks") as status:
        for owner, name, build in networks():
            status.update(f"{name} of {owner}")
            torch.manual_seed(0)
            with tempfile.TemporaryDirectory() as folder:
                manifest = export_network(build(), Path(folder), SIZE, FRAMES)
            print(table_line(owner, name, manifest), flush=True)


if __name__ == "__main__":
    main()
