"""Plain chains of convolutions."""

from collections.abc import Callable, Sequence

from torch import nn

__all__ = ["conv_chain"]


def _relu(channels: int) -> nn.Module:
    return nn.ReLU(inplace=True)


def conv_chain(
    widths: Sequence[int], activation: Callable[[int], nn.Module] = _relu
) -> nn.Sequential:
    """Chain: conv 3x3 - activation - ... - conv 3x3, without an activation after the last.

    Args:
        widths: Channels before the first convolution and after each.
        activation: Makes an activation for a number of channels.

    Shape:
        (b, widths[0], h, w) to (b, widths[-1], h, w).
    """
    layers: list[nn.Module] = []
    for before, after in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Conv2d(before, after, 3, padding=1), activation(after)]
    return nn.Sequential(*layers[:-1])
