"""What one pass of a network needs, counted: multiply-accumulates, operators, bytes moved.

Multiply-accumulates are torch's ``FlopCounterMode`` halved, with deformable convolution added, for
which torch counts nothing. Not counted are ``grid_sample`` (warping), resizing, activations,
normalisation and every operator torch does not see, such as MMCV's compiled ones.

Launches are operators that do work (views do none): a kernel each on a GPU, or a few. Bytes are
those of every operator's tensors, read and written once: what moves if nothing stays in a cache.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torchvision  # noqa: F401 (registers torch.ops.torchvision)
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torch.utils.flop_counter import FlopCounterMode

from fca2_plugin.apps.benchmark.passes import TrainingStep, marked_parts, split_whole
from fca2_plugin.inference.prepare import eager

__all__ = [
    "count_macs",
    "count_work",
    "does_work",
    "evaluating",
    "held_bytes",
    "moved_bytes",
    "tensor_bytes",
]

NO_WORK = ("empty", "new_empty", "_unsafe_view", "lift_fresh")
"""Operators, by the beginning of their names, that start nothing and are not views."""


def count_macs(model: nn.Module, x: Tensor) -> int:
    """Multiply-accumulates of one forward pass in evaluation mode, as the module says."""
    return count_work(model, x)[0]["macs"]


def count_work(
    model: nn.Module, x: Tensor, network: nn.Module | None = None
) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Count one forward pass in evaluation mode, run operator by operator.

    Args:
        model: Called with ``x``.
        x: Its input.
        network: Whose parts are told apart, where it is not ``model`` itself but inside.

    Returns:
        The ``macs``, ``launches`` and ``bytes`` of the whole, and of its parts (``parts``), which
        add up to the whole.
    """
    network = network or model
    flops = FlopCounterMode(
        display=False,
        custom_mapping={
            torch.ops.torchvision.deform_conv2d: _deform_conv_flops,
            torch.ops.torchvision._deform_conv2d_backward: _deform_conv_backward_flops,
        },
    )
    launches = _Launches()

    def so_far() -> np.ndarray:
        return np.array((flops.get_total_flops() // 2, launches.number, launches.bytes))

    # no_grad: in inference mode operators arrive in larger pieces than those that run
    with evaluating([model]), eager(network), torch.inference_mode(False), torch.no_grad():
        with flops, launches, marked_parts(network, so_far) as marks:
            model(x)
            whole = so_far()
    parts = split_whole(whole, [(name, after - before) for name, before, after in marks])
    return _named(whole), {name: _named(work) for name, work in parts.items()}


def _named(work: np.ndarray) -> dict[str, int]:
    return dict(zip(("macs", "launches", "bytes"), work.tolist(), strict=True))


class _Launches(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.number = self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Iterable, args: tuple = (), kwargs: Mapping | None = None
    ) -> object:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if does_work(func):
            self.number += 1
            self.bytes += moved_bytes(args, kwargs, result)
        return result


def does_work(operator: Any) -> bool:
    """Whether an operator starts a kernel: it is no view, and does more than take memory."""
    return not operator.is_view and not operator.name().partition("::")[2].startswith(NO_WORK)


def moved_bytes(*values: object) -> int:
    """Return the bytes of all tensors of an operator, its inputs and results."""
    tensors, _ = tree_flatten(values)
    return sum(tensor_bytes(one) for one in tensors if isinstance(one, Tensor))


def tensor_bytes(tensor: Tensor) -> int:
    """What its elements take."""
    return tensor.numel() * tensor.element_size()


def held_bytes(network: nn.Module) -> int:
    """What is there before a pass: parameters and buffers; to train, the optimiser's state."""
    tensors = [*network.parameters(), *network.buffers()]
    if isinstance(network, TrainingStep):
        tensors += network.optimizer_state()
    return sum(map(tensor_bytes, tensors))


@contextmanager
def evaluating(models: Iterable[nn.Module]) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards every module is as it was."""
    training = {module: module.training for model in models for module in model.modules()}
    try:
        for module in training:
            module.training = False
        with torch.inference_mode():
            yield
    finally:
        for module, was in training.items():
            module.training = was


def _deform_conv_flops(
    input_shape: torch.Size,
    weight_shape: torch.Size,
    *args: object,
    out_shape: torch.Size,
    **kwargs: object,
) -> int:
    """Twice the products of a deformable convolution: Co * Ci/groups * K * Ho * Wo per image."""
    return 2 * weight_shape.numel() * out_shape[0] * out_shape[2] * out_shape[3]


def _deform_conv_backward_flops(
    grad_shape: torch.Size,
    input_shape: torch.Size,
    weight_shape: torch.Size,
    *args: object,
    out_shape: tuple,
    **kwargs: object,
) -> int:
    """Once for the samples and once for the weights, whether both are wanted or not."""
    return 2 * _deform_conv_flops(input_shape, weight_shape, out_shape=grad_shape)
