"""Named evaluation protocols: everything that two tables must share before they can be compared.

===========  =====  =======================  ====================  ===========================
name         on     frames and crop          SSIM                  who reports so
===========  =====  =======================  ====================  ===========================
cvsr-y       Y      all, none                Gaussian 11x11, 255   FCA², CAVSR; FTVSR on Vid4
rgb          RGB    all, none                Gaussian 11x11, 255   FTVSR on REDS
comisr       Y      2 dropped at each end,   uniform 7x7, range    COMISR on Vid4
                    x32 in the centre        of the prediction
comisr-rgb   RGB    as comisr                as comisr             COMISR on REDS
mfqe         raw Y  all, none                uniform 7x7, 1.0      MFQE 2.0, STDF, TGAFNet
===========  =====  =======================  ====================  ===========================

All take the mean over the frames of a clip, then over the clips, so that a long clip weighs no more
than a short one. The PSNR of equal frames is infinite, and so is every mean that it enters: the
hosts' own functions do the same. All but ``mfqe`` compare ``uint8`` frames, as anyone finds them in
the pictures; MMagic's test loop compares what the network returned before it is rounded, which
moves PSNR by some 1e-3 dB. ``mfqe`` compares luma planes as they are, a network's output neither
clipped nor rounded.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fca2_plugin._suggest import check_choice
from fca2_plugin.metrics.frames import (
    PEAK,
    check_pair,
    mean_psnr,
    rgb_to_y,
    ssim_gaussian,
    ssim_uniform,
)

__all__ = ["ENHANCEMENT_METRICS", "PROTOCOLS", "Protocol", "crop_to_32", "get_protocol"]


@dataclass(frozen=True)
class Protocol:
    """How frames are compared and averaged.

    Args:
        name: The key of ``PROTOCOLS``.
        used_by: The papers that use it.
        channel: ``y`` (BT.601 limited range, unrounded, from ``uint8`` RGB), ``rgb``, or ``raw-y``
            (the luma plane of a YUV file, in [0, 1]).
        crop: ``none`` or ``x32``, see ``crop_to_32``.
        rounding: ``uint8``, or ``none``: compared as it is.
        ssim_window: ``gaussian-11`` (sigma 1.5) or ``uniform-7``, only where the window fits.
        ssim_range: 255, 1, or ``prediction``: the largest less the smallest value of the result.
        gain: Report the gain over the coded input, in dB and in 1e-4 of SSIM.
        skip_frames: Frames left out at each end of a clip.
        averaging: How values are averaged, in words.

    Example:
        >>> get_protocol("cvsr-y").channel
        'y'
    """

    name: str
    used_by: str
    channel: str = "y"
    crop: str = "none"
    rounding: str = "uint8"
    ssim_window: str = "gaussian-11"
    ssim_range: str | float = PEAK
    skip_frames: int = 0
    gain: bool = False
    averaging: str = "mean over the frames of a clip, then over clips"

    def prepare(self, sr: np.ndarray, gt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Crop and convert a pair to the float64 planes that are compared.

        Raises:
            TypeError: A frame has another dtype than the protocol compares.
            ValueError: The frames differ in shape, are not RGB frames (no planes for ``mfqe``), or
                are too small for the crop.
        """
        if self.channel == "raw-y":
            return _float_planes(sr, gt)
        check_pair(sr, gt)
        if self.crop == "x32":
            sr, gt = crop_to_32(sr), crop_to_32(gt)
        if self.channel == "y":
            return rgb_to_y(sr), rgb_to_y(gt)
        return sr.astype(np.float64), gt.astype(np.float64)

    def psnr(self, sr: np.ndarray, gt: np.ndarray) -> float:
        """Return dB; the arguments are what ``prepare`` returned."""
        return mean_psnr(sr, gt, 1.0 if self.channel == "raw-y" else PEAK)

    def ssim(self, sr: np.ndarray, gt: np.ndarray) -> float:
        """Return the similarity, 1 at best; the arguments are what ``prepare`` returned.

        Raises:
            ValueError: Fewer pixels than a window, or a prediction of one colour whose range the
                protocol needs.
        """
        data_range = np.ptp(sr) if self.ssim_range == "prediction" else self.ssim_range
        compare = ssim_gaussian if self.ssim_window == "gaussian-11" else ssim_uniform
        return compare(sr, gt, float(data_range))

    def score(self, sr: np.ndarray, gt: np.ndarray) -> tuple[float, float]:
        """Return PSNR and SSIM of one frame; errors as in ``prepare`` and ``ssim``."""
        planes = self.prepare(sr, gt)
        return self.psnr(*planes), self.ssim(*planes)

    def measure(
        self, sr: np.ndarray, gt: np.ndarray, lq: np.ndarray | None = None
    ) -> dict[str, float]:
        """Return ``psnr`` and ``ssim`` of one frame, and with its input what was gained.

        That is ``psnr_input`` and ``ssim_input`` of the input, ``delta_psnr`` in dB, and
        ``delta_ssim_1e4``, in units of 1e-4.

        Raises:
            ValueError: The input equals the ground truth; else as in ``score``.
        """
        psnr, ssim = self.score(sr, gt)
        if lq is None:
            return {"psnr": psnr, "ssim": ssim}
        psnr_input, ssim_input = self.score(lq, gt)
        if math.isinf(psnr_input):
            raise ValueError("the input equals the ground truth, so there is no gain to measure")
        return {
            "psnr": psnr,
            "ssim": ssim,
            "psnr_input": psnr_input,
            "ssim_input": ssim_input,
            "delta_psnr": psnr - psnr_input,
            "delta_ssim_1e4": 1e4 * (ssim - ssim_input),
        }


def crop_to_32(image: np.ndarray) -> np.ndarray:
    """Cut out the middle: sides the largest multiples of 32 that leave 16 pixels in all.

    TecoGAN's ``crop_8x8``, which COMISR kept.

    Raises:
        ValueError: Nothing is left; a side is below 48.
    """
    height, width = image.shape[:2]
    if min(height, width) < 48:
        raise ValueError(
            f"the crop to multiples of 32 inside a border needs at least 48x48 pixels, got "
            f"{width}x{height}; compare larger frames or use the protocol cvsr-y"
        )
    rows, columns = ((side - 16) // 32 * 32 for side in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns]


def _float_planes(sr: np.ndarray, gt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Luma planes in [0, 1] as float64; ``uint8`` ones are divided by 255."""
    planes = []
    for plane in (sr, gt):
        if plane.ndim != 2:
            raise ValueError(f"mfqe compares luma planes of shape (h, w), got {plane.shape}")
        if plane.dtype == np.uint8:
            plane = plane / PEAK
        elif plane.dtype.kind != "f":
            raise TypeError(f"mfqe compares uint8 planes or floats in [0, 1], got {plane.dtype}")
        planes.append(plane.astype(np.float64, copy=False))
    if planes[0].shape != planes[1].shape:
        raise ValueError(
            f"the planes differ in shape, {sr.shape} and {gt.shape}; compare planes of one size"
        )
    return planes[0], planes[1]


_COMISR: dict[str, Any] = {
    "crop": "x32",
    "ssim_window": "uniform-7",
    "ssim_range": "prediction",
    "skip_frames": 2,
}
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("cvsr-y", "FCA2 and CAVSR; FTVSR on Vid4"),
        Protocol("rgb", "FTVSR on REDS", channel="rgb"),
        Protocol("comisr", "COMISR on Vid4", **_COMISR),
        Protocol("comisr-rgb", "COMISR on REDS", channel="rgb", **_COMISR),
        Protocol(
            "mfqe",
            "MFQE 2.0, STDF, RFDA, TGAFNet",
            channel="raw-y",
            rounding="none",
            ssim_window="uniform-7",
            ssim_range=1.0,
            gain=True,
        ),
    )
}


#: Names of the hosts' metrics, and the measure of the protocol ``mfqe`` that each reports.
ENHANCEMENT_METRICS = {
    "FCA2DeltaPSNR": "delta_psnr",  # dB over the coded input
    "FCA2DeltaSSIM": "delta_ssim_1e4",  # in 1e-4
    "FCA2LumaPSNR": "psnr",
    "FCA2LumaSSIM": "ssim",
}


def get_protocol(name: str) -> Protocol:
    """Look up a protocol.

    Raises:
        ValueError: Unknown; the message suggests the nearest one.

    Example:
        >>> get_protocol("cvsr-y").name
        'cvsr-y'
    """
    return PROTOCOLS[check_choice("protocol", name, PROTOCOLS)]
