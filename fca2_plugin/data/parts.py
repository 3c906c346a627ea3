"""Writing one clip of a data set: ground truth, raw LQ, coded LQ. Frames pass one by one."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fca2_plugin._files import file_at_once
from fca2_plugin.codec import CodecSettings, stream_through
from fca2_plugin.codec.bitstream import BitstreamWriter
from fca2_plugin.codec.encoders import ENCODERS
from fca2_plugin.data.clips import find_clip, stream_clip, write_frames
from fca2_plugin.data.degrade import (
    DEFAULT_DEGRADATION,
    check_downsampler,
    crop_to_multiple,
    downsample,
)
from fca2_plugin.data.tree import Key, Part, Tree, folder_sha256

__all__ = ["FrameName", "Recipe", "code", "degrade", "eight_digits", "kind_name"]

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


def degrade(
    tree: Tree, recipe: Recipe, clip: tuple[str, str], frames: Iterable[np.ndarray], gt: bool = True
) -> Iterator[Part]:
    """Write the ground truth and the raw LQ of a clip, each where it is missing.

    Args:
        tree: The data set.
        recipe: How it is made.
        clip: Split and name.
        frames: The clip's frames. Ground truth is cut to a multiple of the scale.
        gt: Whether to write ground truth; without it, the frames must be such multiples.
    """
    if gt:
        key = (*clip, "gt")
        cut = (crop_to_multiple(frame, recipe.scale) for frame in frames)
        yield tree.finished(key) or _write(tree, key, cut, recipe)
        frames = _frames_of(tree, key)
    small = (downsample(frame, recipe.scale, recipe.degradation) for frame in frames)
    key = (*clip, "lq")
    yield tree.finished(key) or _write(tree, key, small, recipe)


def code(
    tree: Tree, recipe: Recipe, clip: tuple[str, str], kind: str, keep_bitstream: bool = False
) -> Part:
    """Write the raw LQ of a clip after a real codec, where that is missing.

    Args:
        tree: The data set.
        recipe: How it is made.
        clip: Split and name.
        kind: A key of ``recipe.kinds``.
        keep_bitstream: Also store the coded clip, as ``bitstreams/<kind>/<clip>.264``.
    """
    settings, key = recipe.kinds[kind], (*clip, kind)
    bitstream = None
    if keep_bitstream:
        folder = tree.root / clip[0] / "bitstreams" / kind
        bitstream = folder / f"{clip[1]}{ENCODERS[settings.codec].suffix}"
    part = tree.finished(key)
    if part is not None and (bitstream is None or bitstream.is_file()):
        return part
    types: list[str] = []
    with contextlib.ExitStack() as stack:
        file: Path | None = None
        if bitstream is not None:
            bitstream.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(file_at_once(bitstream))
        writer = stack.enter_context(BitstreamWriter(settings, file))
        lq = _frames_of(tree, (*clip, "lq"))
        part = _write(tree, key, stream_through(lq, settings, writer, types), recipe)
    return replace(part, num_bytes=writer.num_bytes, types="".join(types))


def _frames_of(tree: Tree, key: Key) -> Iterator[np.ndarray]:
    split, name, kind = key
    return stream_clip(find_clip(tree.folder(split, "", kind), name))


def _write(tree: Tree, key: Key, frames: Iterable[np.ndarray], recipe: Recipe) -> Part:
    size = (0, 0)

    def measured() -> Iterator[np.ndarray]:
        nonlocal size
        for frame in frames:
            size = (int(frame.shape[0]), int(frame.shape[1]))
            yield frame

    folder = tree.make_room(key)
    count = write_frames(folder, measured(), recipe.frame_name)
    return Part(*key, count, size, folder_sha256(folder))
