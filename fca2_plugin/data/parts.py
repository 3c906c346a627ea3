"""Writing one clip of one kind: ground truth, raw LQ, or coded LQ. Frames pass one by one."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fca2_plugin._files import file_at_once
from fca2_plugin.codec import CodecSettings, stream_through
from fca2_plugin.codec.bitstream import BitstreamWriter
from fca2_plugin.codec.encoders import ENCODERS
from fca2_plugin.data.clips import Clip, find_clip, read_frames, write_frames
from fca2_plugin.data.degrade import (
    DEFAULT_DEGRADATION,
    check_downsampler,
    crop_to_multiple,
    downsample,
)
from fca2_plugin.data.tree import Part, folder_sha256

__all__ = ["Recipe", "kind_name", "stream_clip", "write_coded", "write_gt", "write_lq"]

FrameName = Callable[[int], str]


def eight_digits(index: int) -> str:
    return f"{index:08d}"


def kind_name(settings: CodecSettings) -> str:
    """Return the folder of what these settings make: ``lq_crf25``, ``lq_x265-qp37``, ``lq_vp9``."""
    encoder = ENCODERS[settings.codec]
    if settings.crf is not None:
        rate = f"crf{settings.crf}"
        return f"lq_{rate}" if settings.codec == "libx264" else f"lq_{encoder.short}-{rate}"
    if settings.qp is not None:
        return f"lq_{encoder.short}-qp{settings.qp}"
    if settings.bits_per_pixel != encoder.bits_per_pixel:
        return f"lq_{encoder.short}-bpp{settings.bits_per_pixel:g}"
    return f"lq_{encoder.short}"


@dataclass(frozen=True)
class Recipe:
    """Settings for the data made from each clip.

    Args:
        scale: How many times smaller the LQ is.
        degradation: A key of ``DOWNSAMPLERS``.
        codecs: The codecs, each giving one folder; their names follow from the settings.
        frame_name: Names frame 0, 1, ..., without suffix.

    Raises:
        ValueError: The degradation is unknown or not defined for the scale, or two codecs are the
            same.
    """

    scale: int = 4
    degradation: str = DEFAULT_DEGRADATION
    codecs: tuple[CodecSettings, ...] = ()
    frame_name: FrameName = eight_digits
    kinds: Mapping[str, CodecSettings] = field(init=False)

    def __post_init__(self) -> None:
        check_downsampler(self.degradation, self.scale)
        kinds: dict[str, CodecSettings] = {}
        for settings in self.codecs:
            kind = kind_name(settings)
            if kind in kinds:
                raise ValueError(
                    f"two codec settings would both write the folder {kind}; leave one of them out"
                )
            kinds[kind] = settings
        object.__setattr__(self, "kinds", kinds)


def stream_clip(clip: Clip) -> Iterator[np.ndarray]:
    """Yield a clip's frames, one in memory at a time."""
    for index in range(len(clip)):
        yield from read_frames(clip, index, 1)


def write_gt(
    folder: Path, key: tuple[str, str, str], frames: Iterable[np.ndarray], recipe: Recipe
) -> Part:
    """Write ground truth, cut to a multiple of the scale."""
    cut = (crop_to_multiple(frame, recipe.scale) for frame in frames)
    return _write(folder, key, cut, recipe)


def write_lq(
    folder: Path, key: tuple[str, str, str], frames: Iterable[np.ndarray], recipe: Recipe
) -> Part:
    """Write raw LQ of frames whose sides are multiples of the scale."""
    small = (downsample(frame, recipe.scale, recipe.degradation) for frame in frames)
    return _write(folder, key, small, recipe)


def write_coded(
    folder: Path,
    key: tuple[str, str, str],
    lq_folder: Path,
    recipe: Recipe,
    bitstream: Path | None = None,
) -> Part:
    """Write the raw LQ after a real codec.

    Args:
        folder: Where the frames go.
        key: Split, clip and kind, a key of ``recipe.kinds``.
        lq_folder: The raw LQ of this clip.
        recipe: Holds the settings.
        bitstream: Also store the coded clip there.
    """
    settings = recipe.kinds[key[2]]
    lq = stream_clip(find_clip(lq_folder.parent, lq_folder.name))
    types: list[str] = []
    if bitstream is None:
        with BitstreamWriter(settings) as writer:
            coded = stream_through(lq, settings, writer, types)
            part = _write(folder, key, coded, recipe, writer)
    else:
        bitstream.parent.mkdir(parents=True, exist_ok=True)
        with file_at_once(bitstream) as temporary, BitstreamWriter(settings, temporary) as writer:
            coded = stream_through(lq, settings, writer, types)
            part = _write(folder, key, coded, recipe, writer)
    return replace(part, types="".join(types))


def _write(
    folder: Path,
    key: tuple[str, str, str],
    frames: Iterable[np.ndarray],
    recipe: Recipe,
    writer: BitstreamWriter | None = None,
) -> Part:
    size = (0, 0)

    def measured() -> Iterator[np.ndarray]:
        nonlocal size
        for frame in frames:
            size = (int(frame.shape[0]), int(frame.shape[1]))
            yield frame

    count = write_frames(folder, measured(), recipe.frame_name)
    num_bytes = None if writer is None else writer.num_bytes
    return Part(*key, count, size, folder_sha256(folder), num_bytes)


def bitstream_path(root: str | os.PathLike, key: tuple[str, str, str], recipe: Recipe) -> Path:
    """Return where ``write_coded`` stores a coded clip: ``root/bitstreams/<kind>/<clip>.264``."""
    split, name, kind = key
    suffix = ENCODERS[recipe.kinds[kind].codec].suffix
    return Path(root) / split / "bitstreams" / kind / f"{name}{suffix}"
