"""How near results are to their ground truth.

Frames are numpy ``uint8`` RGB of shape (h, w, 3). ``psnr`` and ``ssim`` compare two frames,
``PROTOCOLS`` fixes everything else that a table depends on, and ``start_metrics`` gives the
measures of whole clips (temporal, perceptual).
"""

from fca2_plugin.metrics.clips import METRICS, start_metrics
from fca2_plugin.metrics.frames import psnr, rgb_to_y, ssim
from fca2_plugin.metrics.protocols import (
    ENHANCEMENT_METRICS,
    PROTOCOLS,
    Protocol,
    get_protocol,
)

__all__ = [
    "ENHANCEMENT_METRICS",
    "METRICS",
    "PROTOCOLS",
    "Protocol",
    "get_protocol",
    "psnr",
    "rgb_to_y",
    "ssim",
    "start_metrics",
]
