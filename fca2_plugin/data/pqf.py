"""Peak-quality frames: frames that are coded better than the frames before and after them.

MFQE uses the nearest peaks on both sides of a frame as its neighbours. Its authors label them from
the PSNR if the raw video is available, and state that the QPs are sufficient.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from fca2_plugin.codec import FrameInfo

__all__ = ["nearest_peaks", "peaks_from_psnr", "peaks_from_qps", "qps_of"]


def qps_of(infos: Iterable[FrameInfo], what: str) -> list[float]:
    """Return the QPs of a probed stream.

    Args:
        infos: What ``frame_infos`` gave.
        what: The stream's name, for the error.

    Raises:
        ValueError: The codec does not tell its QPs.

    Example:
        >>> from fca2_plugin.codec import frame_infos
        >>> len(qps_of(list(frame_infos("in.mp4")), "in.mp4"))
        4
    """
    qps = [info.qp for info in infos]
    known = [qp for qp in qps if qp is not None]
    if len(known) < len(qps):
        raise ValueError(f"{what} does not give the QP of frame {qps.index(None)}; use the PSNR")
    return known


def peaks_from_qps(qps: Sequence[float]) -> np.ndarray:
    """Label the frames whose QP is a local minimum.

    Where the lowest QP lasts for several frames, the first of them is the peak; so the first frame
    of a video with one QP for all is its only one. A video's ends are compared with their one
    neighbour.

    Returns:
        (n,) bool.

    Example:
        >>> peaks_from_qps([30, 37, 36, 37]).tolist()
        [True, False, True, False]
    """
    return _peaks(-np.asarray(qps, np.float64), "QPs")


def peaks_from_psnr(psnrs: Sequence[float]) -> np.ndarray:
    """Label the frames whose PSNR is a local maximum, as ``peaks_from_qps`` does.

    Example:
        >>> peaks_from_psnr([35.0, 33.0, 34.0, 33.0]).tolist()
        [True, False, True, False]
    """
    return _peaks(np.asarray(psnrs, np.float64), "PSNRs")


def _peaks(quality: np.ndarray, what: str) -> np.ndarray:
    if quality.ndim != 1 or not quality.size or np.isnan(quality).any():
        raise ValueError(
            f"peaks need the {what} of one video, at least one number, got shape {quality.shape}"
        )
    starts = np.flatnonzero(np.r_[True, np.diff(quality) != 0])  # of runs of equal quality
    runs = quality[starts]
    rises = np.r_[True, runs[1:] > runs[:-1]]
    falls = np.r_[runs[:-1] > runs[1:], True]
    peaks = np.zeros(quality.size, bool)
    peaks[starts[rises & falls]] = True
    return peaks


def nearest_peaks(peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each frame the peak before and the peak behind it.

    If a side has no peak, as before the first one, the frame itself replaces it.

    Returns:
        Indices (n,) and (n,).

    Example:
        >>> before, after = nearest_peaks(np.array([True, False, True]))
        >>> before.tolist(), after.tolist()
        ([0, 0, 0], [2, 2, 2])
    """
    index = np.arange(len(peaks))
    at = np.flatnonzero(peaks)
    before = np.searchsorted(at, index, "left") - 1
    behind = np.searchsorted(at, index, "right")
    previous = np.where(before >= 0, at[np.maximum(before, 0)] if at.size else index, index)
    following = np.where(
        behind < at.size, at[np.minimum(behind, at.size - 1)] if at.size else index, index
    )
    return previous, following
