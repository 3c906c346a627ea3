"""What PyAV leaves out of FFmpeg: dispositions, chapters, attachments, stream side data.

Up to version 13 PyAV cannot read or write any of them. Its wheel holds FFmpeg's own libraries,
whose functions and structures are public and fixed within a major version (here: libavformat 61 and
62, FFmpeg 7 and 8). The structures below are declared up to the last field that is used.
"""

import ctypes as c
import functools
import os
from collections.abc import Mapping
from pathlib import Path

from fca2_plugin._optional import require

__all__ = [
    "NO_PTS",
    "Chapter",
    "FormatContext",
    "Packet",
    "Parameters",
    "Rational",
    "Stream",
    "check",
    "file_url",
    "library",
    "place_of",
    "read_dictionary",
    "set_entry",
]

KNOWN_MAJORS = (61, 62)
NO_PTS = -(2**63)
_TEXT = 1024  # bytes of a message, more than enough

P = c.POINTER


class Rational(c.Structure):
    """``AVRational``."""

    _fields_ = (("num", c.c_int), ("den", c.c_int))


class SideData(c.Structure):
    """``AVPacketSideData``."""

    _fields_ = (("data", c.c_void_p), ("size", c.c_size_t), ("type", c.c_int))


class Parameters(c.Structure):
    """``AVCodecParameters``, its beginning."""

    _fields_ = (
        ("codec_type", c.c_int),
        ("codec_id", c.c_int),
        ("codec_tag", c.c_uint32),
        ("extradata", c.c_void_p),
        ("extradata_size", c.c_int),
        ("coded_side_data", P(SideData)),
        ("nb_coded_side_data", c.c_int),
        ("format", c.c_int),
        ("bit_rate", c.c_int64),
        ("bits_per_coded_sample", c.c_int),
        ("bits_per_raw_sample", c.c_int),
        ("profile", c.c_int),
        ("level", c.c_int),
        ("width", c.c_int),
        ("height", c.c_int),
        ("sample_aspect_ratio", Rational),
    )


class Packet(c.Structure):
    """``AVPacket``, its beginning."""

    _fields_ = (
        ("buf", c.c_void_p),
        ("pts", c.c_int64),
        ("dts", c.c_int64),
        ("data", c.c_void_p),
        ("size", c.c_int),
        ("stream_index", c.c_int),
        ("flags", c.c_int),
        ("side_data", c.c_void_p),
        ("side_data_elems", c.c_int),
        ("duration", c.c_int64),
    )


class Stream(c.Structure):
    """``AVStream``, its beginning."""

    _fields_ = (
        ("av_class", c.c_void_p),
        ("index", c.c_int),
        ("id", c.c_int),
        ("codecpar", P(Parameters)),
        ("priv_data", c.c_void_p),
        ("time_base", Rational),
        ("start_time", c.c_int64),
        ("duration", c.c_int64),
        ("nb_frames", c.c_int64),
        ("disposition", c.c_int),
        ("discard", c.c_int),
        ("sample_aspect_ratio", Rational),
        ("metadata", c.c_void_p),
        ("avg_frame_rate", Rational),
        ("attached_pic", Packet),
    )


class Chapter(c.Structure):
    """``AVChapter``."""

    _fields_ = (
        ("id", c.c_int64),
        ("time_base", Rational),
        ("start", c.c_int64),
        ("end", c.c_int64),
        ("metadata", c.c_void_p),
    )


class FormatContext(c.Structure):
    """``AVFormatContext``, its beginning."""

    _fields_ = (
        ("av_class", c.c_void_p),
        ("iformat", c.c_void_p),
        ("oformat", c.c_void_p),
        ("priv_data", c.c_void_p),
        ("pb", c.c_void_p),
        ("ctx_flags", c.c_int),
        ("nb_streams", c.c_uint),
        ("streams", P(P(Stream))),
        ("nb_stream_groups", c.c_uint),
        ("stream_groups", c.c_void_p),
        ("nb_chapters", c.c_uint),
        ("chapters", P(P(Chapter))),
        ("url", c.c_char_p),
        ("start_time", c.c_int64),
        ("duration", c.c_int64),
        ("bit_rate", c.c_int64),
        ("packet_size", c.c_uint),
        ("max_delay", c.c_int),
        ("flags", c.c_int),
        ("probesize", c.c_int64),
        ("max_analyze_duration", c.c_int64),
        ("key", c.c_void_p),
        ("keylen", c.c_int),
        ("nb_programs", c.c_uint),
        ("programs", c.c_void_p),
        ("codec_ids", c.c_int * 4),  # video, audio, subtitle, data
        ("metadata", c.c_void_p),
    )


class IndexEntry(c.Structure):
    """``AVIndexEntry``, its beginning."""

    _fields_ = (
        ("pos", c.c_int64),
        ("timestamp", c.c_int64),
        ("flags", c.c_int, 2),
        ("size", c.c_int, 30),
    )


class _Entry(c.Structure):
    """``AVDictionaryEntry``."""

    _fields_ = (("key", c.c_char_p), ("value", c.c_char_p))


_CONTEXT, _PACKET = P(FormatContext), P(Packet)
_PLACE = c.c_void_p  # of a pointer or number that the function sets: byref(...) or place_of(...)
_SIGNATURES = {
    "avformat": {
        "avformat_open_input": (c.c_int, P(_CONTEXT), c.c_char_p, c.c_void_p, _PLACE),
        "avformat_find_stream_info": (c.c_int, _CONTEXT, c.c_void_p),
        "avformat_close_input": (None, P(_CONTEXT)),
        "av_read_frame": (c.c_int, _CONTEXT, _PACKET),
        "avformat_alloc_output_context2": (
            c.c_int,
            P(_CONTEXT),
            c.c_void_p,
            c.c_char_p,
            c.c_char_p,
        ),
        "avformat_new_stream": (P(Stream), _CONTEXT, c.c_void_p),
        "avformat_index_get_entries_count": (c.c_int, P(Stream)),
        "avformat_index_get_entry": (P(IndexEntry), P(Stream), c.c_int),
        "avformat_query_codec": (c.c_int, c.c_void_p, c.c_int, c.c_int),
        "avformat_write_header": (c.c_int, _CONTEXT, _PLACE),
        "av_interleaved_write_frame": (c.c_int, _CONTEXT, _PACKET),
        "av_write_trailer": (c.c_int, _CONTEXT),
        "avformat_free_context": (None, _CONTEXT),
        "avio_open": (c.c_int, _PLACE, c.c_char_p, c.c_int),
        "avio_closep": (c.c_int, _PLACE),
        "avio_open_dyn_buf": (c.c_int, _PLACE),
        "avio_close_dyn_buf": (c.c_int, c.c_void_p, _PLACE),
    },
    "avcodec": {
        "avcodec_parameters_copy": (c.c_int, P(Parameters), P(Parameters)),
        "avcodec_get_name": (c.c_char_p, c.c_int),
        "av_packet_alloc": (_PACKET,),
        "av_packet_free": (None, P(_PACKET)),
        "av_packet_unref": (None, _PACKET),
        "av_packet_rescale_ts": (None, _PACKET, Rational, Rational),
        "av_packet_side_data_get": (P(SideData), P(SideData), c.c_int, c.c_int),
        "av_packet_side_data_new": (
            P(SideData),
            _PLACE,
            _PLACE,
            c.c_int,
            c.c_size_t,
            c.c_int,
        ),
    },
    "avutil": {
        "av_strerror": (c.c_int, c.c_int, c.c_char_p, c.c_size_t),
        "av_dict_copy": (c.c_int, _PLACE, c.c_void_p, c.c_int),
        "av_dict_set": (c.c_int, _PLACE, c.c_char_p, c.c_char_p, c.c_int),
        "av_dict_get": (P(_Entry), c.c_void_p, c.c_char_p, P(_Entry), c.c_int),
        "av_dict_free": (None, _PLACE),
        "av_mallocz": (c.c_void_p, c.c_size_t),
        "av_free": (None, c.c_void_p),
    },
}


class _Library:
    """FFmpeg's functions by name."""

    def __init__(self, files: dict[str, Path]) -> None:
        for name, functions in _SIGNATURES.items():
            loaded = c.CDLL(str(files[name]))
            for function, (returns, *takes) in functions.items():
                found = getattr(loaded, function)
                found.restype, found.argtypes = returns, takes
                setattr(self, function, found)


@functools.lru_cache
def library() -> _Library:
    """FFmpeg's libraries, the same that PyAV uses.

    Raises:
        ModuleNotFoundError: PyAV is not installed.
        ValueError: They are of another major version, or are not found.
    """
    av = require("av", "video")
    major = av.library_versions["libavformat"][0]
    if major not in KNOWN_MAJORS:
        raise ValueError(
            f"the installed av {av.__version__} holds libavformat {major}, whose structures are "
            f"not known here; install one with {' or '.join(map(str, KNOWN_MAJORS))}, as "
            "`pip install av==13.1.0`"
        )
    package = Path(av.__file__).parent
    files = {name: _find(name, package, av.library_versions) for name in _SIGNATURES}
    missing = [name for name, path in files.items() if path is None]
    if missing:
        raise ValueError(
            f"the libraries of av {av.__version__} ({', '.join(missing)}) are not found; install "
            "av from PyPI, whose wheels hold them"
        )
    return _Library(files)


def _find(name: str, package: Path, versions: Mapping[str, tuple[int, ...]]) -> Path | None:
    """The file that PyAV has loaded; OpenCV loads another version, of the same name."""
    for folder in (package.parent / "av.libs", package / ".dylibs"):  # of wheels
        for path in sorted(folder.glob(f"*{name}*")):
            return path
    version = ".".join(map(str, versions[f"lib{name}"]))
    maps = Path("/proc/self/maps")  # Linux
    for line in maps.read_text().splitlines() if maps.exists() else ():
        path = Path(line.split(maxsplit=5)[-1])
        if path.name.startswith(f"lib{name}") and path.name.endswith(f".so.{version}"):
            return path
    return None


def file_url(path: str | os.PathLike) -> str:
    """A file's name as FFmpeg must see it: it takes ``Film: one.mp4`` for a protocol ``Film``."""
    return f"file:{os.fspath(path)}"


def check(code: int, what: str) -> int:
    """Return what an FFmpeg function returned.

    Raises:
        OSError: The system's own failure, as a full disk.
        ValueError: Any other error.
    """
    if code >= 0:
        return code
    text = c.create_string_buffer(_TEXT)
    library().av_strerror(code, text, _TEXT)
    reason = text.value.decode(errors="replace")
    if -code < 256 and os.strerror(-code) == reason:
        raise OSError(-code, f"{what}: {reason}")
    raise ValueError(f"{what}: {reason}")


def read_dictionary(pointer: int | None) -> dict[str, str]:
    """The entries of an ``AVDictionary``."""
    found, entry, ignore_suffix = {}, None, 2
    while entry := library().av_dict_get(pointer, b"", entry, ignore_suffix):
        key, value = entry.contents.key, entry.contents.value
        found[key.decode(errors="replace")] = value.decode(errors="replace")
    return found


def place_of(owner: c.Structure, field: str) -> int:
    """The address of a field, for a function that sets it."""
    return c.addressof(owner) + getattr(type(owner), field).offset


def set_entry(dictionary: int, key: str, value: str | None) -> None:
    """Set an entry of the dictionary at this place; None removes it."""
    value = None if value is None else value.encode()
    check(library().av_dict_set(dictionary, key.encode(), value, 0), f"setting {key}")
