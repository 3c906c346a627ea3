"""Clips for the codec tests: smooth texture in slow motion, so that the encoders have work."""

import numpy as np


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
