"""Trained weights that ship in the package: ``fca2_plugin/weights``, listed by ``weights_list``.

``net`` builds the network without a host: types are names of ``NETS``, or ``FCA2Net`` with one of
them as ``vsr``. Weights are stored in half precision and used in single precision.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load, save_file
from torch import nn

from fca2_plugin._files import file_at_once, file_sha256, write_json
from fca2_plugin._suggest import check_choice, check_settings
from fca2_plugin.checkpoints import load_part
from fca2_plugin.inference.weights_list import INDEX, WEIGHTS, Shipped, list_shipped
from fca2_plugin.nets import NETS, FCA2Net
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["build_net", "load_shipped", "ship"]


def load_shipped(name: str, folder: Path = WEIGHTS) -> nn.Module:
    """Build a network with its weights, in evaluation mode; no host and no download is needed.

    Raises:
        ValueError: The name is unknown, or the file differs from the shipped one.
        FileNotFoundError: The file is missing.
    """
    shipped = list_shipped(folder)
    entry = shipped[check_choice("shipped weights", name, shipped)]
    path = folder / entry.file
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing, although {INDEX} lists it; install this package again"
        )
    if file_sha256(path) != entry.sha256:
        raise ValueError(
            f"{path} is not the file that was shipped (its sha256 differs); install this package "
            "again"
        )
    net = build_net(entry.net)
    weights = load(path.read_bytes())
    net.load_state_dict({key: value.float() for key, value in weights.items()})
    return net.eval()


def build_net(config: Mapping) -> nn.Module:
    """Build a network of this package from its settings, with random weights.

    Raises:
        ValueError: The type is unknown.
        TypeError: The network does not know a setting.
    """
    settings = dict(config)
    kind = check_choice("network type", str(settings.pop("type", None)), ("FCA2Net", *NETS))
    if kind == "FCA2Net" and isinstance(settings.get("vsr"), Mapping):
        settings["vsr"] = build_net(settings["vsr"])
    cls = StagedFCA2Net if kind == "FCA2Net" else NETS[kind]
    check_settings(kind, settings, inspect.signature(cls).parameters)
    return cls(**settings)


def ship(
    name: str,
    checkpoint: str | Path,
    net: Mapping,
    about: str,
    folder: Path = WEIGHTS,
) -> Shipped:
    """Store a checkpoint of either host in half precision, and list it; write its card yourself.

    Args:
        name: Its name for ``--weights``.
        checkpoint: The file or the folder of a run.
        net: See ``Shipped``.
        about: See ``Shipped``.
        folder: The folder of the index.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: Its weights do not belong to ``net``.
    """
    network = build_net(net)
    # a baseline trains as the VSR network of an FCA2Net without an autoencoder
    load_part(network, checkpoint, "generator" if isinstance(network, FCA2Net) else "vsr")
    half = {
        key: value.half() if value.is_floating_point() else value
        for key, value in network.state_dict().items()
    }
    path = folder / f"{name}.safetensors"
    with file_at_once(path) as temporary:
        save_file({key: value.contiguous() for key, value in half.items()}, temporary)
        temporary.chmod(0o644)  # what is made readable for its owner alone would ship so
    spec: Any = network.spec
    shipped = list_shipped(folder)
    shipped[name] = Shipped(
        about, spec.scale, path.name, file_sha256(path), f"{name}.md", dict(net)
    )
    write_json(folder / INDEX, {key: vars(entry) for key, entry in sorted(shipped.items())})
    return shipped[name]
