"""The MFQE 2.0 protocol's data (Guan et al., TPAMI 2019): raw videos beside the same ones coded.

    root/train_108/raw/Name_WxH_N.yuv               8-bit YUV 4:2:0
    root/train_108/HM16.5_LDP/QP37/Name_WxH_N.yuv   decoded
    root/test_18/...                                the 18 JCT-VC sequences

Networks see the Y planes of a frame and its three neighbours on either side; neighbours outside the
video are its first or last frame. ``x265_LDP`` in the place of ``HM16.5_LDP`` is our stand-in
(``build_mfqe``), and its streams lie beside the planes.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fca2_plugin.codec import YuvFile, frame_infos
from fca2_plugin.data.pqf import peaks_from_psnr, peaks_from_qps, qps_of

__all__ = ["HM", "MfqePair", "find_mfqe", "frames_around", "raw_videos"]

RAW = "raw"
HM = "HM16.5_LDP"
RADIUS = 3  # neighbours on either side
_ERROR_FLOOR = 1e-3  # squared grey levels: a frame without an error has a finite PSNR


@dataclass(frozen=True)
class MfqePair:
    """A raw video and the same one decoded from a stream.

    Args:
        name: The clip.
        raw: Ground truth.
        coded: Input of the networks.

    Example:
        >>> from fca2_plugin.data import build_mfqe
        >>> folder = build_mfqe("in.mp4", "mfqe", qps=[37])
        >>> find_mfqe("mfqe", "test", 37, "x265_LDP")[0].raw.num_frames
        4
    """

    name: str
    raw: YuvFile
    coded: YuvFile

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def stream(self) -> Path | None:
        """The coded stream beside the planes, for ``frame_infos``, where there is one."""
        path = self.coded.path.with_suffix(".265")
        return path if path.is_file() else None

    def peaks(self) -> np.ndarray:
        """Label the frames of peak quality: by the stream's QPs, without one by the PSNR.

        Returns:
            (n,) bool.
        """
        if self.stream is not None:
            return peaks_from_qps(qps_of(frame_infos(self.stream), self.stream.name))
        errors = [
            np.square(raw.astype(np.int32) - coded).mean()
            for raw, coded in zip(self.raw.luma, self.coded.luma, strict=True)
        ]
        return peaks_from_psnr(-10 * np.log10(np.maximum(errors, _ERROR_FLOOR)))


def frames_around(index: int, num_frames: int, radius: int = RADIUS) -> list[int]:
    """Return a frame and its neighbours, those outside the video replaced by its ends.

    Raises:
        ValueError: The frame is not in the video, or the radius is negative.

    Example:
        >>> frames_around(0, 7, radius=2)
        [0, 0, 0, 1, 2]
    """
    if not 0 <= index < num_frames or radius < 0:
        raise ValueError(
            f"a window needs a frame from 0 to {num_frames - 1} and a radius from 0, "
            f"got frame {index} and radius {radius}"
        )
    return [min(max(i, 0), num_frames - 1) for i in range(index - radius, index + radius + 1)]


def find_mfqe(
    root: str | os.PathLike, split: str = "test_18", qp: int = 37, codec: str = HM
) -> list[MfqePair]:
    """Pair the raw and the coded videos of a tree by name, in alphabetical order.

    Args:
        root: The tree.
        split: ``train_108`` or ``test_18``, or another folder of this layout.
        qp: The QP of the coded ones.
        codec: ``HM16.5_LDP``, or ``x265_LDP`` for the stand-in.

    Raises:
        FileNotFoundError: A folder is not there.
        ValueError: A folder contains no videos, one has no partner, two partners differ in size or
            number of frames, or a file does not fit its name.

    Example:
        >>> from fca2_plugin.data import build_mfqe
        >>> folder = build_mfqe("in.mp4", "mfqe", qps=[37])
        >>> [pair.name for pair in find_mfqe("mfqe", "test", 37, "x265_LDP")]
        ['in']
    """
    folder = Path(root) / split
    raw, coded = (_not_empty(place) for place in (folder / RAW, folder / codec / f"QP{qp}"))
    for here, there, where in (raw, coded, codec), (coded, raw, RAW):
        for name in sorted(here.keys() - there.keys()):
            raise ValueError(
                f"{here[name].path} has no counterpart in "
                f"{next(iter(there.values())).path.parent}; add its {where} version, or remove it"
            )
    pairs = [MfqePair(name, raw[name], coded[name]) for name in sorted(raw)]
    for pair in pairs:
        shapes = [video.luma.shape for video in (pair.raw, pair.coded)]
        if shapes[0] != shapes[1]:
            (n, h, w), (other_n, other_h, other_w) = shapes
            raise ValueError(
                f"{pair.coded.path} has {other_n} frames of {other_w}x{other_h}, but "
                f"{pair.raw.path} has {n} of {w}x{h}; they must be the same video"
            )
    return pairs


def raw_videos(folder: Path) -> dict[str, YuvFile]:
    """Return the raw videos in a folder by the clip's name.

    Raises:
        FileNotFoundError: The folder is not there.
        ValueError: Two are of one clip, or a file does not fit its name.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} of raw videos")
    videos: dict[str, YuvFile] = {}
    for path in sorted(folder.glob("[!.]*.yuv")):
        video = YuvFile(path)
        if video.name in videos:
            raise ValueError(
                f"{folder} contains {video.name} twice, in {videos[video.name].path.name} and "
                f"{path.name}; remove one of them"
            )
        videos[video.name] = video
    return videos


def _not_empty(folder: Path) -> dict[str, YuvFile]:
    videos = raw_videos(folder)
    if not videos:
        raise ValueError(f"{folder} contains no raw videos; expected Name_WxH_N.yuv")
    return videos
