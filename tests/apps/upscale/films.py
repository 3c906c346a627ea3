"""Small videos of every kind, and networks that need no training."""

import importlib
import subprocess
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from torch import nn

from fca2_plugin.inference.bicubic import enlarge
from fca2_plugin.nets import NetSpec
from tests.conftest import require_host

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
    return path


def _add_sound(container, stream, track: int, seconds: float) -> None:
    for number in range(int(seconds * RATE / 1024) + 2):
        rng = np.random.default_rng((track, number))
        samples = rng.uniform(-0.3, 0.3, (1, 1024)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = RATE, 1024 * number, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg's own program, which makes what PyAV cannot, and reads what we wrote."""
    require_host("imageio_ffmpeg")
    program = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    subprocess.run([program, "-y", "-v", "error", *map(str, arguments)], check=True)


CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=200
title=First
[CHAPTER]
TIMEBASE=1/1000
START=200
END=400
title=Second
"""
WORDS = "1\n00:00:00,050 --> 00:00:00,150\none\n\n2\n00:00:00,200 --> 00:00:00,300\ntwo\n"


def full_film(path: Path, **settings: object) -> Path:
    """A film with two languages, subtitles, chapters, a title; in Matroska with a font, too."""
    folder = path.parent
    plain = film(folder / ".plain.mp4", 12, languages=["deu", "fra"], **settings)
    (folder / ".chapters.txt").write_text(CHAPTERS)
    (folder / ".words.srt").write_text(WORDS)
    (folder / ".font.ttf").write_bytes(b"font" * 50)
    matroska = path.suffix == ".mkv"
    font = ("-attach", folder / ".font.ttf", "-metadata:s:t", "mimetype=font/ttf")
    ffmpeg(
        *("-i", plain, "-i", folder / ".words.srt", "-i", folder / ".chapters.txt"),
        *("-map", "0", "-map", "1", "-map_chapters", "2", "-c", "copy"),
        *("-c:s", "srt" if matroska else "mov_text", "-metadata", "title=A film"),
        *("-disposition:a:0", "0", "-disposition:a:1", "default", "-metadata:s:s", "language=eng"),
        *(font if matroska else ()),
        *(("-disposition:s:0", "forced") if matroska else ()),
        path,
    )
    return path


def packets(path: Path, kind: str) -> list[list[tuple]]:
    """The packets of every track of a kind: (seconds, bytes)."""
    with av.open(str(path)) as container:
        tracks = [stream.index for stream in container.streams if stream.type == kind]
        found = {index: [] for index in tracks}
        if not tracks:
            return []
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
