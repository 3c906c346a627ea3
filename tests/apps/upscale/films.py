"""Small videos of every kind, and networks that need no training."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from torch import nn

from fca2_plugin.apps.upscale.presets import enlarge
from fca2_plugin.nets import NetSpec

TICKS = Fraction(1, 15360)
STEP = 512  # ticks of a frame, 30 a second
RATE = 8000  # of the sound


class Enlarge(nn.Module):
    """Cubic interpolation by a network's interface."""

    def __init__(self, scale: int = 2, context_frames: int = 0) -> None:
        super().__init__()
        self.spec = NetSpec(scale=scale)
        self.context_frames = context_frames

    def forward(self, lq: torch.Tensor) -> torch.Tensor:
        return enlarge(lq, self.spec.scale)


class Blend(Enlarge):
    """Each frame with its neighbours of the same clip: any seam in time shows."""

    def __init__(self, scale: int = 1, radius: int = 1) -> None:
        super().__init__(scale, radius)
        self.radius = radius

    def forward(self, lq: torch.Tensor) -> torch.Tensor:
        t = lq.shape[1]
        index = torch.arange(t)
        near = [(index + step).clamp(0, t - 1) for step in range(-self.radius, self.radius + 1)]
        return super().forward(torch.stack([lq[:, i] for i in near]).mean(0))


def picture(number: int, height: int, width: int, shot: int = 0) -> np.ndarray:
    """A smooth RGB picture that moves; another one for every shot."""
    y, x = np.mgrid[:height, :width] / 8
    phase = number / 5 + 40 * shot
    waves = [np.sin(x * (1 + shot % 3) + phase), np.cos(y * (2 + shot % 2) - phase), np.sin(x + y)]
    return np.stack([110 + (90 if shot % 2 else 60) * wave for wave in waves], -1).astype(np.uint8)


def film(
    path: Path,
    num_frames: int = 12,
    size: tuple[int, int] = (48, 64),
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times: Sequence[int] | None = None,
    cuts: Sequence[int] = (),
    languages: Sequence[str] = (),
    subtitles: str | None = None,
    tags: Mapping[str, int] | None = None,
    options: Mapping[str, str] | None = None,
    aspect: Fraction | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a video.

    Args:
        path: Where; the ending chooses the container.
        num_frames: How many frames.
        size: Height and width.
        codec: FFmpeg's name of the encoder.
        pix_fmt: FFmpeg's name.
        times: Of the frames, in ``TICKS``; even ones by default.
        cuts: Frames that begin another shot.
        languages: Of the sound, a track each.
        subtitles: The codec of subtitles, if there are any.
        tags: Attributes of the encoder: ``colorspace``, ``color_range``, ...
        options: Of the encoder.
        aspect: Of a pixel.
        metadata: Of the file.
    """
    height, width = size
    times = times or [STEP * number for number in range(num_frames)]
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata or {})
        video = container.add_stream(codec, rate=30)
        video.time_base = TICKS
        context = video.codec_context
        context.width, context.height, context.pix_fmt = width, height, pix_fmt
        context.time_base = TICKS
        context.options = {"crf": "12", **(options or {})}
        context.sample_aspect_ratio = aspect or Fraction(1)
        for name, value in (tags or {}).items():
            setattr(context, name, value)
        sounds = []
        for language in languages:
            sound = container.add_stream("aac", rate=RATE)
            sound.metadata["language"] = language
            sounds.append(sound)
        words = None
        if subtitles is not None:
            words = container.add_stream(subtitles)
            words.metadata["language"] = "eng"
        container.start_encoding()
        for number, ticks in enumerate(times[:num_frames]):
            shot = sum(cut <= number for cut in cuts)
            rgb = av.VideoFrame.from_ndarray(picture(number, height, width, shot), format="rgb24")
            frame = rgb.reformat(format=pix_fmt)
            frame.pts, frame.time_base = ticks, TICKS
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for track, sound in enumerate(sounds):
            _add_sound(container, sound, track, num_frames / 30)
        if words is not None:
            _add_words(container, words)
    return path


def _add_sound(container, stream, track: int, seconds: float) -> None:
    for number in range(int(seconds * RATE / 1024) + 2):
        rng = np.random.default_rng((track, number))
        samples = rng.uniform(-0.3, 0.3, (1, 1024)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = RATE, 1024 * number, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _add_words(container, stream) -> None:
    for number, text in enumerate((b"one", b"two")):
        packet = av.Packet(text)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = 100 * number
        packet.duration = 90
        container.mux(packet)


def packets(path: Path, kind: str) -> list[list[tuple]]:
    """The packets of every track of a kind: (seconds, bytes)."""
    with av.open(str(path)) as container:
        tracks = [stream.index for stream in container.streams if stream.type == kind]
        found = {index: [] for index in tracks}
        for packet in container.demux(*(container.streams[index] for index in tracks)):
            if packet.size:
                found[packet.stream.index].append(
                    (float(packet.pts * packet.time_base), bytes(packet))
                )
    return list(found.values())


def times(path: Path) -> list[Fraction]:
    """When every frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]
