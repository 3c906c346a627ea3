"""Initialisation for very short training runs (not from a paper).

Coding removes a few percent of a frame's contrast, in its fine details. The features of a deep
chain of random filters hardly respond to them, so from torch's usual weights a network needs
thousands of iterations before it gains anything. With these weights it starts with its input as its
output, and with the frame's details as its features: the first filters have zero mean and extract
the details, and the later layers pass them on.
"""

import torch
from torch import nn

from fca2_plugin.layers.deform import DeformConv
from fca2_plugin.layers.unet import UNet

__all__ = ["pass_on", "see_details", "start_alive", "start_silent"]

_CONTRAST = 8.0  # details are weaker than the frames by this factor
_NEIGHBOR = 0.3  # a neighbouring frame's weight in a filter; it is not aligned
_NOISE = 0.1  # random part of a filter, so that the filters of a layer differ


@torch.no_grad()
def see_details(deform: DeformConv) -> None:
    """Initialise with random difference filters, which are strongest in the middle plane.

    Every second filter is the negative of another, so that the ReLU after them keeps everything.
    """
    weight = nn.init.kaiming_normal_(deform.weight)
    middle = weight.shape[1] // 2
    weight[:, [plane for plane in range(weight.shape[1]) if plane != middle]] *= _NEIGHBOR
    weight -= weight.mean(dim=(1, 2, 3), keepdim=True)
    weight *= _CONTRAST
    weight[1::2] = -weight[: len(weight) // 2 * 2 : 2]
    nn.init.zeros_(deform.get_parameter("bias"))


@torch.no_grad()
def pass_on(conv: nn.Conv2d, gain: float = 1.0) -> None:
    """Pass channels on with a little noise; a narrower output receives means of channels."""
    weight = nn.init.kaiming_normal_(conv.weight).mul_(_NOISE)
    outputs, inputs, height, width = weight.shape
    share = gain * outputs / max(inputs, outputs)
    for index in range(inputs):
        weight[index % outputs, index, height // 2, width // 2] += share
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


@torch.no_grad()
def start_alive(unet: UNet) -> None:
    """Use He initialisation, so that features keep their strength over many layers."""
    for layer in unet.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
        elif isinstance(layer, nn.ConvTranspose2d):  # 4x4 at stride 2: four taps meet in a pixel
            nn.init.normal_(layer.weight, std=(2 / (4 * layer.in_channels)) ** 0.5)
        else:
            continue
        nn.init.zeros_(layer.get_parameter("bias"))


def start_silent(layer: nn.Module) -> None:
    """Use zeros, so that the network corrects nothing at the start."""
    for parameter in layer.parameters(recurse=False):
        nn.init.zeros_(parameter)
