"""x265 in a low-delay P configuration: a stand-in for HM 16.5, and not HM.

The MFQE 2.0 data set was coded with HM 16.5's ``encoder_lowdelay_P_main.cfg``. Approximated here:
one I frame, then P frames only; fixed QPs in a hierarchy of four frames; four references; 64x64
blocks; no adaptive quantization, no rate control, no psycho-visual decisions, no weighted
prediction. Not approximated: HM's choice of references (the last frame and the last three good
ones; x265 takes the last four), its lambdas and its full search. So the PSNR differs from HM's,
while the pattern of good and bad frames is the same. The stream can be read by any HEVC decoder.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from fca2_plugin._files import file_at_once
from fca2_plugin._suggest import check_choice
from fca2_plugin.codec.encoders import PRESETS, open_encoder
from fca2_plugin.codec.frame_info import slice_qps
from fca2_plugin.codec.memory import cleared_memory
from fca2_plugin.codec.picture import Picture, PixelFormat, from_picture
from fca2_plugin.codec.settings import MAX_QUANTIZER
from fca2_plugin.codec.yuv import YuvFile

__all__ = ["LowDelay", "encode_lowdelay"]

PIX_FMT = "yuv420p"  # of a YuvFile
LEAST_SIDE = 16  # x265 refuses anything smaller
GOP_OFFSETS = (5, 4, 5, 1)  # of HM's low-delay P, added to the QP of frames 1-4, 5-8, ...
FIXED_OPTIONS = {
    "log-level": "none",
    "ipratio": 1,  # the I frame at the QP itself
    "keyint": -1,
    "scenecut": 0,
    "bframes": 0,
    "ref": 4,
    "me": "star",
    "merange": 64,
    "weightp": 0,
    "aq-mode": 0,
    "cutree": 0,
    "psy-rd": 0,
    "psy-rdoq": 0,
    # one thread, for the same bits everywhere
    "pools": "none",
    "frame-threads": 1,
    "wpp": 0,
}


@dataclass(frozen=True)
class LowDelay:
    """Settings of x265 in place of HM.

    Args:
        qp: QP of the I frame; 22, 27, 32, 37 and 42 in the papers.
        gop_offsets: Added to the QP of the P frames, over and over.
        preset: x265's speed preset; ``slower`` has HM's block shapes, at about 12 CIF frames a
            second and core at QP 37.

    Raises:
        ValueError: A QP leaves 0 to 51, or the preset is unknown.

    Example:
        >>> settings = LowDelay(qp=32)
        >>> [settings.frame_qp(index) for index in range(4)]
        [32, 37, 36, 37]
    """

    qp: int = 37
    gop_offsets: tuple[int, ...] = GOP_OFFSETS
    preset: str = "slower"

    def __post_init__(self) -> None:
        object.__setattr__(self, "gop_offsets", tuple(self.gop_offsets))  # configs bring lists
        check_choice("preset", self.preset, PRESETS)
        if not self.gop_offsets:
            raise ValueError("gop_offsets is empty; give (0,) for the same QP in every frame")
        for qp in (self.qp, *(self.qp + offset for offset in self.gop_offsets)):
            if not (isinstance(qp, int) and 0 <= qp <= MAX_QUANTIZER):
                raise ValueError(
                    f"qp={self.qp!r} with gop_offsets {self.gop_offsets} gives the QP {qp!r}; "
                    f"all QPs must be whole numbers from 0 to {MAX_QUANTIZER}"
                )

    def frame_qp(self, index: int) -> int:
        """Return the QP of a frame."""
        if index == 0:
            return self.qp
        return self.qp + self.gop_offsets[(index - 1) % len(self.gop_offsets)]


def encode_lowdelay(
    source: YuvFile, path: str | os.PathLike, settings: LowDelay | None = None
) -> None:
    """Code a raw video as an Annex B stream; the file appears when it is complete.

    Args:
        source: The raw video, of even sides from 16.
        path: The stream to write, for example ``Name.265``.
        settings: QP 37 by default.

    Raises:
        FileNotFoundError: The folder of ``path`` does not exist.
        ValueError: x265 does not take frames of this size.
        RuntimeError: The stream does not have the QPs or the frames that were asked for.

    Example:
        >>> from fca2_plugin.codec import write_yuv
        >>> raw = write_yuv(".", "grey", [np.full((32, 32), 128, np.uint8)] * 3)
        >>> encode_lowdelay(raw, "grey.265")
        >>> Path("grey.265").stat().st_size > 0
        True
    """
    path, settings = Path(path), settings or LowDelay()
    if source.width % 2 or source.height % 2 or min(source.width, source.height) < LEAST_SIDE:
        raise ValueError(
            f"x265 cannot code {source.path} of {source.width}x{source.height} pixels; crop or pad "
            f"it to even sides of at least {LEAST_SIDE}"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to")
    with file_at_once(path) as temporary:
        with temporary.open("wb") as file:
            file.writelines(_packets(source, settings))
        qps = list(slice_qps(temporary))
        wanted = [settings.frame_qp(index) for index in range(len(source))]
        if qps != wanted:
            raise RuntimeError(
                f"x265 coded {source.path} with the QPs {qps[:9]}... of {len(qps)} frames instead "
                f"of {wanted[:9]}... of {len(wanted)}; please report it with x265's version"
            )


def _packets(source: YuvFile, settings: LowDelay) -> Iterator[bytes]:
    pixels = PixelFormat.of(PIX_FMT)
    with cleared_memory():
        encoder = open_encoder("libx265")
        encoder.width, encoder.height = source.width, source.height
        encoder.pix_fmt = PIX_FMT
        encoder.framerate = Fraction(25)  # a raw file has none, and fixed QPs need none
        encoder.time_base = 1 / encoder.framerate
        encoder.thread_count = 1
        encoder.options = {"preset": settings.preset, "x265-params": _params(source, settings)}
        for index, planes in enumerate(source.frames()):
            picture = from_picture(Picture(planes, pixels))
            picture.pts, picture.time_base = index, encoder.time_base
            yield from map(bytes, encoder.encode(picture))
        yield from map(bytes, encoder.encode(None))


def _params(source: YuvFile, settings: LowDelay) -> str:
    """Write the options as one string, with a zone of forced QP for each frame.

    x265 looks its zones up by a frame number that begins at 1 (build 199, measured); that is why
    the QPs of every stream are checked.
    """
    zones = (f"{i + 1},{i + 1},q={settings.frame_qp(i)}" for i in range(len(source)))
    options = {**FIXED_OPTIONS, "qp": settings.qp, "zones": "/".join(zones)}
    return ":".join(f"{name}={value}" for name, value in options.items())
