"""Where LQ pixels are among the pixels of the result: the *phase*, the one place that knows it.

``centred``
    LQ pixel i lies in the middle of its block of ``scale`` pixels. So it is with every ordinary
    video, with bicubic and area filters, BD and BI data, and every published network. A mirror
    leaves it as it is.
``first``
    LQ pixel i lies on the block's first pixel: the published data of compressed VSR (COMISR, FCA²),
    which keeps every ``scale``-th pixel after a blur, and DUF's.

A network that was trained on one phase and runs on the other returns pictures that are displaced,
by 1.5 pixels at scale 4. ``displacement`` says by how much.
"""

from fca2_plugin._suggest import check_choice

__all__ = ["CENTRED", "FIRST", "PHASES", "check_phase", "displacement", "offset"]

CENTRED, FIRST = "centred", "first"
PHASES = (CENTRED, FIRST)


def check_phase(phase: str) -> str:
    """Return ``phase`` if it is one of ``PHASES``.

    Raises:
        ValueError: It is not; the message suggests the nearest one.
    """
    return check_choice("phase", phase, PHASES)


def offset(phase: str, scale: int) -> float:
    """Return the coordinate of LQ pixel 0 among the pixels of the result.

    Example:
        >>> offset("centred", 4), offset("first", 4)
        (1.5, 0.0)

    Raises:
        ValueError: ``phase`` is unknown.
    """
    return (scale - 1) / 2 if check_phase(phase) == CENTRED else 0.0


def displacement(network: str, data: str, scale: int) -> float:
    """Return how far a result lies right of and below the ground truth, in pixels of the result.

    Args:
        network: The phase that the network was trained on.
        data: The phase of the LQ frames that it runs on.
        scale: How many times larger the result is.

    Example:
        >>> displacement("first", "centred", 4)  # the result lies too far to the left
        -1.5
    """
    return offset(network, scale) - offset(data, scale)
