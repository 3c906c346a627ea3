"""A GPU that is not there: tensors that say they are on it, and have shapes alone.

What a network does to them is seen operator by operator, and what a real GPU would wait for, refuse
or lose precision in is an error here.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

__all__ = ["Faults", "fake_cuda", "on_fake_cuda"]

_WAITS = {"_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "unique_dim"}
_COPIES = {"_to_copy", "copy_", "index", "index_put_", "index_put", "_index_put_impl_"}
_POSITIONS = {"grid_sampler_2d": 1, "grid_sampler_3d": 1, "deform_conv2d": 2}


class Faults(TorchDispatchMode):
    """Raises where the host would wait for the GPU, or copy to it, or positions be coarse.

    A number in a tensor of no dimensions may come from the host: it travels with the launch.
    """

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        leaves, _ = tree_flatten((args, kwargs or {}))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        kinds = {tensor.device.type for tensor in tensors if tensor.ndim or name in _COPIES}
        target = (kwargs or {}).get("device")
        kinds |= {torch.device(target).type} if target is not None and tensors else set()
        if name in _WAITS and "cuda" in kinds:
            raise AssertionError(f"{name} makes the host wait for the GPU")
        if {"cpu", "cuda"} <= kinds:
            raise AssertionError(f"{name} copies between the host and the GPU, which waits")
        if name in _POSITIONS and args[_POSITIONS[name]].dtype.itemsize < 4:
            raise AssertionError(f"{name} is given positions in {args[_POSITIONS[name]].dtype}")
        return func(*args, **(kwargs or {}))


@contextmanager
def fake_cuda() -> Iterator[None]:
    """Inside, devices named ``cuda`` are there; no driver and no build of torch for them needed."""
    with ExitStack() as stack:
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        # or autocast would switch itself off
        stack.enter_context(patch("torch.cuda.amp.common.amp_definitely_not_available", bool))
        stack.enter_context(FakeTensorMode())
        yield


def on_fake_cuda(net: nn.Module) -> nn.Module:
    """Move what ``nn.Module.to`` moves of a network that was built inside ``fake_cuda``."""
    for module in net.modules():
        for name, value in module.named_parameters(recurse=False):
            moved = nn.Parameter(value.detach().to("cuda"), value.requires_grad)
            module.register_parameter(name, moved)
        for name, value in module.named_buffers(recurse=False):
            setattr(module, name, value.to("cuda"))
    return net
