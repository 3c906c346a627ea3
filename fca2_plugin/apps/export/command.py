"""``fca2 export``: a folder of ONNX files and their manifest, whole or not at all."""

import copy
import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fca2_plugin._files import check_writable, folder_at_once, write_json
from fca2_plugin._optional import require
from fca2_plugin._torch import check_can_export
from fca2_plugin.apps.export.graph import NoGraphError, difference, open_graph, write_graph
from fca2_plugin.apps.export.parts import GraphPart, clip_frames, network_parts
from fca2_plugin.inference.load import load_network
from fca2_plugin.inference.shipped import load_shipped

__all__ = ["MANIFEST", "TOLERANCE", "export_network", "export_onnx"]

MANIFEST = "manifest.json"
TOLERANCE = 1e-4
IN_A_ROW = ("lq", "clean", "codes", "sr_codes", "sr")


def export_onnx(
    config: str | Path | None,
    checkpoint: str | Path | None,
    out: str | Path,
    size: tuple[int, int] = (96, 72),
    frames: int | None = None,
    tolerance: float = TOLERANCE,
    progress: Callable[[str], None] = lambda part: None,
    weights: str | None = None,
) -> dict[str, Any]:
    """Export the network of a config of either host, or one that ships, to ONNX.

    Args:
        config: MMagic's .py or BasicSR's .yml; None with ``weights``.
        checkpoint: Its weights; None for random ones, to see what can be exported.
        out: A folder that is not there yet.
        size: Width and height of LQ frames: of a graph that can only be exported for one size, and
            the smaller of those that the others are checked at.
        frames: Frames of a clip; FCA² exports one of its chunks.
        tolerance: Largest difference between torch and onnxruntime, as a share of the largest
            value (of 1 where that is smaller).
        progress: Called with each part's name before it is exported.
        weights: The name of a network that ships, in place of a config.

    Returns:
        What ``manifest.json`` in ``out`` contains.

    Raises:
        FileExistsError: ``out`` exists.
        FileNotFoundError: The config or the checkpoint is not there.
        ModuleNotFoundError: A host, onnx, onnxscript or onnxruntime is absent.
        ValueError: Not one graph can be exported, a part of FCA² itself among them, a setting
            makes no sense, this torch is too old, or it is not clear which network is meant.
    """
    for module in ("onnx", "onnxscript", "onnxruntime"):
        require(module, "export")
    check_can_export()
    if (config is None) == (weights is None) or (weights and checkpoint):
        raise ValueError(
            "expected one network: --config FILE with or without its --checkpoint, or --weights "
            "NAME of one that ships"
        )
    out = Path(out)
    if out.exists():
        raise FileExistsError(f"{out} exists; name a folder that does not")
    if not 0 < tolerance < math.inf:
        raise ValueError(f"tolerance must be a number above 0, got {tolerance}")
    if min(size) < 8:
        raise ValueError(f"size={size[0]}x{size[1]} is too small; expected at least 8x8 pixels")
    check_writable(out)
    network = load_network(str(config), checkpoint) if weights is None else load_shipped(weights)
    source = str(config) if weights is None else weights
    with folder_at_once(out) as folder:
        manifest = {
            "config": None if config is None else str(config),
            "weights": weights,
            "checkpoint": None if checkpoint is None else str(checkpoint),
            **export_network(network, folder, size, frames, tolerance, progress),
        }
        if not manifest["graphs"]:
            reasons = "; ".join(f"{k}: {v}" for k, v in manifest["not_exported"].items())
            raise ValueError(f"nothing of {source} can be exported ({reasons})")
        write_json(folder / MANIFEST, manifest)
    return manifest


def export_network(
    network: nn.Module,
    folder: Path,
    size: tuple[int, int],
    frames: int | None = None,
    tolerance: float = TOLERANCE,
    progress: Callable[[str], None] = lambda part: None,
) -> dict[str, Any]:
    """Export a built network into a folder, and return the manifest.

    Raises:
        NoGraphError: A part of FCA² itself cannot be exported.
        ValueError: ``frames`` does not fit the network.
    """
    network = copy.copy(network.cpu().eval())
    adaptive = getattr(network, "grouping", None) == "adaptive"
    if adaptive:  # a graph cannot decide by the clip which frames share a code
        vars(network)["grouping"] = "fixed"
    frames = clip_frames(network, frames)
    width, height = size
    graphs, failed = [], {}
    parts = list(network_parts(network, frames))
    for part in parts:
        progress(part.name)
        try:
            graphs.append(write_graph(part, network, (height, width), folder, tolerance))
        except NoGraphError as error:
            if part.required:
                raise NoGraphError(f"the {part.name} cannot be exported: {error}") from error
            failed[part.name] = str(error)
    manifest = {
        "frames": frames,
        "grouping": "fixed, not adaptive" if adaptive else "as configured",
        "tolerance": tolerance,
        "difference": "largest |onnxruntime - torch| / max(1, largest |torch|), random inputs",
        "graphs": graphs,
        "not_exported": failed,
        "versions": {
            name: version(name) for name in ("torch", "onnx", "onnxscript", "onnxruntime")
        },
    }
    pieces = [part for part in parts if part.name != "network"]
    if len(pieces) > 1 and not any(part.name in failed for part in pieces):
        manifest["max_difference_in_a_row"] = _in_a_row(pieces, network, folder, size, frames)
    return manifest


@torch.no_grad()
def _in_a_row(
    parts: list[GraphPart], network: nn.Module, folder: Path, size: tuple[int, int], frames: int
) -> float:
    """The difference of the network from its graphs, each fed with what the others returned."""
    width, height = size
    lq = torch.rand(1, frames, 3, height, width, generator=torch.Generator().manual_seed(1))
    known = {"lq": lq.numpy()}
    for part in parts:
        inputs = {name: _latest(known, name) for name in part.inputs}
        session = open_graph(folder / f"{part.name}.onnx")
        known |= zip(part.outputs, session.run(None, inputs), strict=True)
    return difference([_latest(known, "sr")], network(lq))


def _latest(known: dict[str, np.ndarray], name: str) -> np.ndarray:
    """What ``name`` is: where the part that makes it is left out, what it would have taken."""
    while name not in known:
        name = IN_A_ROW[IN_A_ROW.index(name) - 1]
    return known[name]
