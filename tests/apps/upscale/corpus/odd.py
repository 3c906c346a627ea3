"""Files that one call of ffmpeg does not make."""

import shlex
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from tests.apps.upscale.films import ffmpeg, film, picture

__all__ = [
    "hours",
    "jumping",
    "latin",
    "m4v_with_cover",
    "phone",
    "pipe_avi",
    "pulldown",
    "small_film_first",
    "still_first",
    "two_sizes",
    "words",
]

MOVING = "testsrc2=s=256x192:r={rate},gblur=4,scale=64:48:flags=area,format=yuv420p"
VIDEO = ("-f", "lavfi", "-i", MOVING.format(rate=25) + ",trim=end_frame=24")
SOUND = ("-f", "lavfi", "-i", "sine=sample_rate=48000:duration=0.96")


def latin(path: Path) -> None:
    """A title of one byte a letter."""
    ffmpeg(*VIDEO, "-c:v", "mpeg4", "-metadata", "title=caf@", path)
    path.write_bytes(path.read_bytes().replace(b"caf@", b"caf\xe9"))


def pipe_avi(path: Path) -> None:
    """Whoever wrote to a pipe could not go back and fill in the length."""
    ffmpeg(*VIDEO, "-c:v", "mpeg4", path)
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\xff" * 4 + data[8:])


def jumping(path: Path) -> None:
    """A DVD's program streams, one behind the other."""
    part = path.with_name(".part.vob")
    coding = ("-c:v", "mpeg2video", "-q:v", 2, "-bf", 2, "-c:a", "ac3", "-f", "vob")
    ffmpeg(*VIDEO, *SOUND, *coding, part)
    path.write_bytes(2 * part.read_bytes())


def two_sizes(path: Path) -> None:
    """As a broadcast whose programme changes."""
    one, two = path.with_name(".one.ts"), path.with_name(".two.ts")
    path.write_bytes(film(one, 4).read_bytes() + film(two, 4, (32, 48)).read_bytes())


def hours(path: Path) -> None:
    """Frames whose distance does not fit into 28 bits of ticks."""
    plain = path.with_name(".plain.mkv")
    with av.open(str(plain), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, second in enumerate((0, 900, 1800, 5400, 5401, 5402, 9000, 9001)):
            frame = av.VideoFrame.from_ndarray(picture(number, 48, 64), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = 1000 * second, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    ffmpeg("-i", plain, "-c", "copy", "-video_track_timescale", 90000, path)


def pulldown(path: Path) -> None:
    """Film as it was broadcast."""
    moving = MOVING.format(rate="24000/1001") + ",trim=end_frame=40,telecine=pattern=23"
    coding = ("-c:v", "mpeg2video", "-q:v", 2, "-flags", "+ildct+ilme")
    ffmpeg("-f", "lavfi", "-i", moving, *coding, path)


def m4v_with_cover(path: Path) -> None:
    """As shops sell them."""
    plain, cover = film(path.with_name(".plain.mp4"), 12), path.with_name(".cover.png")
    ffmpeg("-f", "lavfi", "-i", "color=red:size=20x20", "-frames:v", 1, cover)
    places = ("-map", 0, "-map", 1, "-disposition:v:1", "attached_pic", "-c", "copy")
    ffmpeg("-i", plain, "-i", cover, *places, "-f", "mp4", path)


def small_film_first(path: Path) -> None:
    """A preview of the same film."""
    small, large = path.with_name(".s.mp4"), path.with_name(".l.mp4")
    film(small, 12, (32, 48)), film(large, 12)
    ffmpeg("-i", small, "-i", large, "-map", 0, "-map", 1, "-c", "copy", path)


def still_first(path: Path) -> None:
    """As an animated AVIF has it."""
    still, moving = film(path.with_name(".s.mp4"), 1, (96, 128)), path.with_name(".m.mp4")
    ffmpeg("-i", still, "-i", film(moving, 12), "-map", 0, "-map", 1, "-c", "copy", path)


def words(path: Path) -> None:
    """Subtitles with a style."""
    plain, text = film(path.with_name(".plain.mp4"), 12), path.with_name(".words.srt")
    text.write_text("1\n00:00:00,050 --> 00:00:00,150\n<i>one</i>\ntwo\n")
    ffmpeg("-i", plain, "-i", text, "-c", "copy", "-c:s", "ass", path)


def phone(coding: str) -> Callable[[Path], None]:
    """What a phone says of itself."""

    def make(path: Path) -> None:
        named = {"make": "Apple", "model": "Phone 3", "location.ISO6709": "+47.3+008.5/"}
        tags = [f"com.apple.quicktime.{key}={value}" for key, value in named.items()]
        more = [word for tag in tags for word in ("-metadata", tag)]
        ffmpeg(*VIDEO, *shlex.split(coding), "-movflags", "use_metadata_tags", *more, path)

    return make
