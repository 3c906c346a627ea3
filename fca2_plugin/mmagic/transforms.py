"""Compressed LQ frames in MMagic's pipelines, over ``fca2_plugin.data`` and ``.codec``."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from fca2_plugin.codec import CodecSettings, encode_decode
from fca2_plugin.data.clips import find_clip
from fca2_plugin.data.degrade import DEFAULT_DEGRADATION, crop_to_multiple, downsample
from fca2_plugin.data.images import check_images
from fca2_plugin.data.mix import CrfMix
from fca2_plugin.data.numbering import check_same_frames

__all__ = ["FCA2Degrade", "FCA2DrawLQ", "FCA2RandomCodec", "check_clip"]


def _rng() -> np.random.Generator:
    """A generator that follows MMEngine's seed of this worker."""
    return np.random.default_rng(np.random.randint(2**31))


@functools.cache
def check_clip(*folders: Path) -> None:
    """Check once that the frames of a clip are all there, of one size, 8-bit RGB and paired.

    Args:
        *folders: Its folder; or those of its LQ and its GT.

    Raises:
        ValueError: Frames are missing, differ in size, or are not images.
    """
    clips = [find_clip(folder.parent, folder.name) for folder in folders]
    names = [[path.stem for path in clip.frames] for clip in clips]
    for clip in clips:
        check_images(clip.frames)
    if len(clips) == 2:
        check_same_frames(clips[0].name, *names, *folders)


class FCA2Degrade(BaseTransform):
    """Makes the LQ frames ``img`` from ``gt``: blur and subsampling (Sec. IV-A1).

    ``gt`` is cut to a multiple of the scale first.

    Args:
        scale: Factor of the subsampling.
        kind: A key of ``fca2_plugin.data.degrade.DOWNSAMPLERS``.
    """

    def __init__(self, scale: int = 4, kind: str = DEFAULT_DEGRADATION) -> None:
        self.scale = scale
        self.kind = kind

    def transform(self, results: dict) -> dict:
        results["gt"] = [crop_to_multiple(frame, self.scale) for frame in results["gt"]]
        results["img"] = [downsample(frame, self.scale, self.kind) for frame in results["gt"]]
        results["scale"] = self.scale
        return results


class FCA2RandomCodec(BaseTransform):
    """Codes the LQ frames with real H.264 at a CRF drawn once a clip (Sec. IV-A2).

    Frames must be RGB: load them with ``channel_order='rgb'``.

    Args:
        crfs: The rates, equally likely.
        raw_prob: How often the clip stays uncompressed.
        pix_fmt: ``yuv444p`` as the published data has it, or ``yuv420p`` as real video has it.
        codec: Name of the encoder.
        key: The frames to code.
    """

    def __init__(
        self,
        crfs: Sequence[int] = (15, 25, 35),
        raw_prob: float = 0.5,
        pix_fmt: str = "yuv444p",
        codec: str = "libx264",
        key: str = "img",
    ) -> None:
        self.mix = CrfMix(tuple(crfs), raw_prob)
        self.settings = {
            crf: CodecSettings(codec=codec, crf=crf, pix_fmt=pix_fmt) for crf in self.mix.crfs
        }
        self.key = key

    def transform(self, results: dict) -> dict:
        crf = self.mix.draw(_rng())
        if crf is not None:
            results[self.key] = encode_decode(results[self.key], self.settings[crf])
        results["crf"] = crf
        return results


class FCA2DrawLQ(BaseTransform):
    """Picks one of several LQ folders on disk, once a clip; stands before the frames are listed.

    Args:
        crfs: The rates, equally likely.
        raw_prob: How often the dataset's own ``img`` folder is taken.
        folder: Name of the folder of a rate, beside the ``img`` folder.

    Raises:
        TypeError: The frames are listed already.
        FileNotFoundError: The folder of a rate does not hold the clip.
        ValueError: The frames of the clip differ in size.
    """

    def __init__(
        self,
        crfs: Sequence[int] = (15, 25, 35),
        raw_prob: float = 0.5,
        folder: str = "lq_crf{}",
    ) -> None:
        self.mix = CrfMix(tuple(crfs), raw_prob)
        self.folder = folder

    def transform(self, results: dict) -> dict:
        if not isinstance(results["img_path"], str):
            raise TypeError(
                "FCA2DrawLQ got a list of frames; expected their folder: put it before "
                "GenerateSegmentIndices in the pipeline"
            )
        crf = self.mix.draw(_rng())
        if crf is not None:
            folder = Path(results["img_path"]).with_name(self.folder.format(crf))
            if not (folder / results["key"]).is_dir():
                raise FileNotFoundError(
                    f"FCA2DrawLQ found no clip {results['key']} in {folder}; expected LQ frames "
                    f"for each of crfs={list(self.mix.crfs)}, as build_clips writes them"
                )
            check_clip(folder / results["key"])
            results["img_path"] = str(folder)
        results["crf"] = crf
        return results
