"""Clips for the codec tests: smooth texture in slow motion, so that the encoders have work."""

from pathlib import Path

import numpy as np

from fca2_plugin.codec import CodecSettings, write_video
from fca2_plugin.codec.yuv import Planes, YuvFile, write_yuv


def moving_clip(num_frames: int, height: int, width: int, seed: int = 0) -> list[np.ndarray]:
    """A sum of a few coloured waves that drift by about a pixel a frame."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = rng.uniform(-0.5, 0.5, (3, 6, 2))
    phases = rng.uniform(0, 2 * np.pi, (3, 6))
    frames = []
    for t in range(num_frames):
        planes = [
            sum(np.sin(a * (x + t) + b * y + p) for (a, b), p in zip(w, ph, strict=True))
            for w, ph in zip(waves, phases, strict=True)
        ]
        frames.append(np.clip(128 + 20 * np.stack(planes, -1), 0, 255).astype(np.uint8))
    return frames


def moving_planes(num_frames: int, height: int, width: int, seed: int = 0) -> list[Planes]:
    """The same as planes of YUV 4:2:0, each channel taken for a plane."""
    frames = moving_clip(num_frames, height, width, seed)
    return [tuple(frame[::s, ::s, c] for c, s in enumerate((1, 2, 2))) for frame in frames]


def raw_clip(folder, num_frames=3, height=32, width=48, name="Clip", seed=0) -> YuvFile:
    """The same as a raw file."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_yuv(folder, name, moving_planes(num_frames, height, width, seed))


def counting_film(path: Path, num_frames: int = 23) -> Path:
    """A video whose frames' brightness, through ten, says which they are."""
    frames = [np.full((32, 32, 3), 10 * index, np.uint8) for index in range(num_frames)]
    write_video(path, frames, CodecSettings(crf=5))
    return path
