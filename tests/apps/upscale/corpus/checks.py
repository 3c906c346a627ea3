"""What must be true of a result; read by PyAV and ffmpeg alone, but for what PyAV cannot tell."""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from fca2_plugin.codec.layout import read_layout
from tests.apps.upscale.corpus.cases import Case
from tests.apps.upscale.films import ffmpeg

__all__ = ["Outcome", "Run", "prove", "read_film"]

#: Runs ``fca2`` with arguments: exit code, standard output, standard error.
Run = Callable[[Sequence[str]], tuple[int, str, str]]

SCALE = 4  # of both presets
MILLISECOND = Fraction(1, 1000)
MATROSKA = (".mkv", ".webm")
UNKNOWN = 2  # H.273's word for a colour that is not named
#: Largest mean difference of a frame that was made small again, of 255: of Y (or RGB), of U and V,
#: whose samples stand elsewhere then.
LARGEST_ERROR, LARGEST_CHROMA_ERROR = 6, 18
OWN_METADATA = {"encoder", "major_brand", "minor_version", "compatible_brands", "creation_time"}


@dataclass
class Outcome:
    """What came of a case.

    Args:
        name: The file's.
        about: What is odd about it.
        source: Codec, pixel format and size.
        frames: Of the source.
        packets: Of sound, subtitles and further pictures, in how many streams.
        out: The result's ending.
        error: Largest mean difference of a frame from the source's, of 255.
        said: The refusal, or the notes.
        problems: What is not as it must be.
    """

    name: str
    about: str
    source: str = ""
    frames: int | None = None
    packets: str = ""
    out: str = ""
    error: float | None = None
    said: list[str] = field(default_factory=list)
    refused: bool = False
    problems: list[str] = field(default_factory=list)

    def expect(self, truth: bool, problem: str) -> None:
        """Note a problem unless it is as it must be."""
        if not truth:
            self.problems.append(problem)


@dataclass
class Film:
    """What PyAV sees of a file's pictures and other streams."""

    times: list[Fraction | None]
    size: tuple[int, int]
    codec: str
    pix_fmt: str
    tags: tuple[int, int, int, int]  # matrix, range, primaries, transfer
    aspect: Fraction
    matrix: bytes  # of display
    stereo: bytes  # kind and flags
    planes: list[list[np.ndarray]]
    packets: list[list[tuple[Fraction | None, bytes]]]
    samples: list[np.ndarray]

    @property
    def is_rgb(self) -> bool:
        """Whether its samples are compared as RGB."""
        return not self.pix_fmt.startswith(("yuv", "uyvy", "gray"))

    @property
    def earliest(self) -> Fraction:
        """When the first frame or packet is shown."""
        packets = [when for track in self.packets for when, _ in track]
        known = [when for when in (*self.times, *packets) if when is not None]
        return min(known, default=Fraction(0))


def read_film(path: Path, like: Film | None = None) -> Film:
    """Decode the pictures, made as small as those of ``like``, and list all else."""
    layout = read_layout(path)
    with av.open(str(path), metadata_errors="surrogateescape") as container:
        stream = container.streams[layout.pictures.index]
        times, planes, first = [], [], None
        for frame in container.decode(stream):
            first = first or frame
            times.append(None if frame.pts is None else frame.pts * frame.time_base)
            as_rgb = like.is_rgb if like else frame.format.is_rgb or frame.format.has_palette
            planes.append(_planes(frame, as_rgb))
            if like is not None:
                sizes = [plane.shape for plane in like.planes[0]]
                planes[-1] = [_smaller(*both) for both in zip(planes[-1], sizes, strict=False)]
        context = stream.codec_context
        display = first.side_data.get("DISPLAYMATRIX")
        stereo = first.side_data.get("STEREO3D")
        film = Film(
            times=times,
            size=(first.height, first.width),
            codec=context.name,
            pix_fmt=first.format.name,
            tags=(
                int(first.colorspace),
                int(first.color_range),
                int(context.color_primaries),
                int(context.color_trc),
            ),
            aspect=Fraction(context.sample_aspect_ratio or 1),
            matrix=bytes(display) if display is not None else b"",
            stereo=bytes(stereo)[:8] if stereo is not None else b"",
            planes=planes,
            packets=[],
            samples=[],
        )
    for track in layout.others:
        if track.kind in ("audio", "subtitle", "video"):
            film.packets.append(_packets(path, track.index))
            film.samples.append(_samples(path, track.index) if track.kind == "audio" else None)
    return film


def _planes(frame: av.VideoFrame, as_rgb: bool) -> list[np.ndarray]:
    """The samples as they are stored, of 255; R, G and B of what is not stored as YUV."""
    if as_rgb:
        return list(frame.to_ndarray(format="rgb24").astype(np.float32).transpose(2, 0, 1))
    if frame.format.name == "uyvy422":
        frame = frame.reformat(format="yuv422p")
    bits = frame.format.components[0].bits
    dtype = np.dtype(np.uint8 if bits == 8 else np.uint16)
    planes = []
    for plane in frame.planes[:3]:
        rows = np.frombuffer(plane, dtype)[: plane.height * plane.line_size // dtype.itemsize]
        samples = rows.reshape(plane.height, -1)[:, : plane.width]
        planes.append(samples.astype(np.float32) * (255 / (2**bits - 1)))
    return planes


def _smaller(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The mean of the samples that stand for one of the source's."""
    return np.asarray(Image.fromarray(plane).resize(shape[::-1], Image.Resampling.BOX))


def _packets(path: Path, index: int) -> list[tuple[Fraction | None, bytes]]:
    with av.open(str(path)) as container:
        packets = list(_unless_damaged(container.demux(container.streams[index])))
    return [(p.pts and p.pts * p.time_base, bytes(p)) for p in packets if p.size]


def _samples(path: Path, index: int) -> np.ndarray:
    with av.open(str(path)) as container:
        decoded = _unless_damaged(container.decode(container.streams[index]))
        frames = [frame.to_ndarray() for frame in decoded]
    return np.concatenate(frames, axis=1) if frames else np.zeros((0, 0))


def _unless_damaged(items: Iterator) -> Iterator:
    """What comes before the damage."""
    with contextlib.suppress(av.error.FFmpegError):
        yield from items


def prove(case: Case, folder: Path, run: Run) -> Outcome:
    """Make a case's file in a new folder, run ``fca2 upscale`` on it, and check what came of it."""
    folder.mkdir(parents=True)
    source, out = folder / case.name, folder / case.result
    case.make(source)
    outcome = Outcome(case.name, case.about, out=out.suffix, refused=case.refusal is not None)
    before, digest = sorted(folder.iterdir()), _digest(source)
    arguments = ["upscale", str(source), str(out), "--weights", case.preset]
    code, printed, errors = run([*arguments, "--json-lines", *case.options])
    outcome.expect(_digest(source) == digest, "the source was changed")
    left = sorted(set(folder.iterdir()) - {*before, out})
    outcome.expect(not left, f"left behind: {[path.name for path in left]}")
    if case.refusal is not None:
        _check_refusal(case, out, code, errors, outcome)
    elif code != 0 or not out.is_file():
        outcome.problems.append(f"exit code {code}: {errors.strip()}")
    else:
        outcome.expect(not errors, f"said on standard error: {errors.strip()}")
        result = json.loads(printed.splitlines()[-1])
        outcome.said = result["notes"]
        if case.said:
            found = any(re.search(case.said, note) for note in result["notes"])
            outcome.expect(found, f"no note says {case.said!r}")
        _check_result(case, source, out, outcome)
        outcome.expect(result["num_frames"] == outcome.frames, "the result tells another number")
    return outcome


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_refusal(case: Case, out: Path, code: int, errors: str, outcome: Outcome) -> None:
    outcome.said = [errors.strip().replace(f"{out.parent}/", "")]
    outcome.expect(code == 2, f"exit code {code}")
    one_sentence = errors.startswith("error: ") and errors.count("\n") == 1
    outcome.expect(one_sentence, f"no single sentence: {errors!r}")
    outcome.expect(re.search(case.refusal, errors) is not None, f"no {case.refusal!r}: {errors!r}")
    outcome.expect(not out.exists(), "there is a result")


def _check_result(case: Case, source: Path, out: Path, outcome: Outcome) -> None:
    if case.damaged:  # nothing can say which frames there should be
        outcome.frames = len(read_film(out).times)
        return
    given = read_film(source)
    made = read_film(out, given)
    height, width = given.size
    outcome.source = f"{given.codec} {given.pix_fmt} {width}x{height}"
    outcome.frames = case.frames or len(given.times)
    sizes = [len(track) for track in given.packets]
    outcome.packets = "+".join(map(str, sizes)) or "none"
    outcome.expect(
        made.size == (SCALE * height, SCALE * width),
        f"{made.size[1]}x{made.size[0]} is not {SCALE} times {width}x{height}",
    )
    outcome.expect(
        len(made.times) == outcome.frames, f"{len(made.times)} frames of {outcome.frames}"
    )
    if case.frames:
        wrong = sum(abs(b - a - case.step) > case.step / 10 for a, b in _pairs(made.times))
        outcome.expect(not wrong, f"{wrong} steps are not of {float(case.step):.4f} seconds")
        return
    _check_times(case, given, made, out, outcome)
    _check_others(case, given, made, outcome)
    _check_looks(given, made, outcome)
    _check_layout(source, out, outcome)
    errors = np.max(
        [
            [float(np.abs(a - b).mean()) for a, b in zip(*planes, strict=False)]
            for planes in zip(given.planes, made.planes, strict=False)
        ],
        axis=0,
    )
    outcome.error = float(errors.max() if given.is_rgb else errors[0])
    outcome.expect(outcome.error < LARGEST_ERROR, f"a frame differs by {outcome.error:.1f}")
    for chroma in [] if given.is_rgb else errors[1:]:  # grey has none
        outcome.expect(chroma < LARGEST_CHROMA_ERROR, f"the colour of a frame by {chroma:.1f}")


def _near(before: list[Fraction], after: list[Fraction], moved: Fraction, out: Path) -> int:
    """How many times are wrong: MP4 keeps them, Matroska rounds them to a millisecond."""
    error = MILLISECOND / 2 if out.suffix in MATROSKA else 0
    if moved:
        error += MILLISECOND / 2  # by what it moves is rounded, too
    return sum(abs(a + moved - b) > error for a, b in zip(before, after, strict=False))


def _check_times(case: Case, given: Film, made: Film, out: Path, outcome: Outcome) -> None:
    """Frames and copied packets, which Matroska moves together where one begins below 0."""
    outcome.expect(all(a < b for a, b in _pairs(made.times)), "times do not rise")
    tracks = {"frames": (given.times, made.times)}
    if not case.repacked:
        for number, (before, after) in enumerate(zip(given.packets, made.packets, strict=False)):
            name = f"packets of copied stream {number}"
            tracks[name] = [time for time, _ in before], [time for time, _ in after]
    tracks = {name: both for name, both in tracks.items() if _are_times(both[0])}
    wrong = [
        {name: _near(*both, moved, out) for name, both in tracks.items()}
        for moved in {Fraction(0), max(-given.earliest, Fraction(0))}
        if not moved or out.suffix in MATROSKA
    ]
    for name, count in min(wrong, key=lambda counts: sum(counts.values())).items():
        outcome.expect(not count, f"{count} {name} are at another time")


def _are_times(times: list[Fraction | None]) -> bool:
    return None not in times and all(a < b for a, b in _pairs(sorted(times)))


def _pairs(items: list) -> zip:
    return zip(items, items[1:], strict=False)


def _check_others(case: Case, given: Film, made: Film, outcome: Outcome) -> None:
    outcome.expect(len(given.packets) == len(made.packets), "another number of streams")
    for number, (before, after) in enumerate(zip(given.packets, made.packets, strict=False)):
        if case.repacked:
            same = np.array_equal(given.samples[number], made.samples[number])
        else:
            same = [data for _, data in before] == [data for _, data in after]
        numbers = f"{len(before)} packets, {len(after)} in the result"
        outcome.expect(same, f"copied stream {number} is another ({numbers})")


def _check_looks(given: Film, made: Film, outcome: Outcome) -> None:
    outcome.expect(made.matrix == given.matrix, "another rotation")
    outcome.expect(made.stereo == given.stereo, "other views")
    outcome.expect(made.aspect == given.aspect, f"pixels of {made.aspect}, not {given.aspect}")
    is_yuv = given.pix_fmt.startswith(("yuv", "uyvy", "nv"))
    for name, before, after in zip(
        ("matrix", "range", "primaries", "transfer"), given.tags, made.tags, strict=True
    ):
        named = before not in (0, UNKNOWN) if name == "range" else before != UNKNOWN
        if is_yuv and named:
            outcome.expect(before == after, f"colour {name} {after}, not {before}")
    outcome.expect(not is_yuv or made.tags[0] != UNKNOWN, "no colour matrix")


def _check_layout(source: Path, out: Path, outcome: Outcome) -> None:
    before, after = read_layout(source), read_layout(out)
    alike = source.suffix == out.suffix
    kept = [t for t in before.others if t.is_essential or alike or t.is_cover]
    names = [[(t.kind, t.codec, t.language) for t in tracks] for tracks in (kept, after.others)]
    outcome.expect(names[0] == names[1], f"streams {names[1]}, not {names[0]}")
    if alike:
        flags = [[t.dispositions for t in tracks] for tracks in (kept, after.others)]
        outcome.expect(flags[0] == flags[1], f"dispositions {flags[1]}, not {flags[0]}")
        wanted = {k: v for k, v in before.metadata.items() if k.lower() not in OWN_METADATA}
        lost = {k for k, v in wanted.items() if after.metadata.get(k) != v}
        outcome.expect(not lost, f"metadata {sorted(lost)} is lost")
    if "title" in before.metadata:
        outcome.expect(after.metadata.get("title") == before.metadata["title"], "no title")
    outcome.expect(_chapters(source) == _chapters(out), "other chapters")


def _chapters(path: Path) -> list[tuple[float, str]]:
    listed = path.with_name(f".{path.name}.chapters")
    ffmpeg("-i", path, "-f", "ffmetadata", listed)
    text = listed.read_text(errors="replace")
    listed.unlink()
    found = re.findall(r"TIMEBASE=1/(\d+)\nSTART=(\d+)\nEND=\d+\ntitle=(.*)", text)
    return [(round(int(start) / int(base), 3), title) for base, start, title in found]
