"""Clips on disk and how they are made: windows, degradations, footage, the data-set builder.

Frames are numpy ``uint8`` RGB of shape (h, w, 3). Nothing here knows a training host.
"""

from fca2_plugin.data.build import build_clips
from fca2_plugin.data.clip_set import ClipSample, ClipSet, open_clip_set
from fca2_plugin.data.clips import (
    Clip,
    clip_size,
    find_clips,
    read_frames,
    write_frames,
)
from fca2_plugin.data.degrade import (
    DEFAULT_DEGRADATION,
    DOWNSAMPLERS,
    bicubic_upsample,
    crop_to_multiple,
    downsample,
    phase,
)
from fca2_plugin.data.demo import build_demo, build_mfqe_demo
from fca2_plugin.data.encode import EncodedTree, encode_tree
from fca2_plugin.data.enhancement import (
    EnhancementSample,
    EnhancementSet,
    open_enhancement_set,
)
from fca2_plugin.data.footage import camera_clip, demo_clips, photo_names, read_photo
from fca2_plugin.data.images import check_images
from fca2_plugin.data.lists import PARTITIONS, read_clip_list, select_clips
from fca2_plugin.data.media import Media, VideoClip, find_media, media_frames, media_shape
from fca2_plugin.data.mfqe import MfqePair, find_mfqe, frames_around
from fca2_plugin.data.mfqe_build import build_mfqe
from fca2_plugin.data.mix import CrfMix
from fca2_plugin.data.pqf import (
    nearest_peaks,
    peaks_from_psnr,
    peaks_from_qps,
    qps_of,
)
from fca2_plugin.data.sample import SampleRecipe
from fca2_plugin.data.source import ClipSource, middle_of, video_clips
from fca2_plugin.data.store import ClipStore, open_clips, write_lmdb
from fca2_plugin.data.verify import verify_tree
from fca2_plugin.data.windows import fits, fitting_num_frames

__all__ = [
    "DEFAULT_DEGRADATION",
    "DOWNSAMPLERS",
    "PARTITIONS",
    "Clip",
    "ClipSample",
    "ClipSet",
    "ClipSource",
    "ClipStore",
    "CrfMix",
    "EncodedTree",
    "EnhancementSample",
    "EnhancementSet",
    "Media",
    "MfqePair",
    "SampleRecipe",
    "VideoClip",
    "bicubic_upsample",
    "build_clips",
    "build_demo",
    "build_mfqe",
    "build_mfqe_demo",
    "camera_clip",
    "check_images",
    "clip_size",
    "crop_to_multiple",
    "demo_clips",
    "downsample",
    "encode_tree",
    "find_clips",
    "find_media",
    "find_mfqe",
    "fits",
    "fitting_num_frames",
    "frames_around",
    "media_frames",
    "media_shape",
    "middle_of",
    "nearest_peaks",
    "open_clip_set",
    "open_clips",
    "open_enhancement_set",
    "peaks_from_psnr",
    "peaks_from_qps",
    "phase",
    "photo_names",
    "qps_of",
    "read_clip_list",
    "read_frames",
    "read_photo",
    "select_clips",
    "verify_tree",
    "video_clips",
    "write_frames",
    "write_lmdb",
]
