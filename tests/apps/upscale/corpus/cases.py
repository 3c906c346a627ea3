"""The files: what is odd about each, how it is made, and what must come of it.

They are made by ffmpeg's own program or by PyAV, never by our own writers.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from fca2_plugin.codec.layout import CONTAINERS
from tests.apps.upscale.corpus import damage, odd
from tests.apps.upscale.films import STEP, ffmpeg, film, full_film

__all__ = ["CASES", "Case", "real_cases"]

Make = Callable[[Path], object]
PICTURES = (
    "testsrc2=size=128x96:rate={rate},trim=end_frame={frames},gblur=4"
    ",scale={size}:flags=area,format=yuv420p"
)
TONE = "sine=sample_rate=16000:duration=0.96"
VIDEO = (".mkv", ".mp4", ".mov", ".webm", ".ts", ".avi", ".m4v", ".264", ".h264", ".h265", ".y4m")
REAL_FRAMES = 8


@dataclass(frozen=True)
class Case:
    """One file.

    Args:
        name: Of the file.
        about: What is odd about it.
        make: Writes it.
        out: Ending of the result; the file's own by default.
        options: Of ``fca2 upscale``.
        preset: The network.
        refusal: A pattern that the refusal matches; None where there must be a result.
        said: A pattern that a note matches.
        repacked: The container keeps the samples of sound, but packs them otherwise.
        damaged: Frames are missing, so that only those that are left are compared.
        frames: Of the result, where the source is wrong about them; then only their number, the
            ``step`` between them, the pictures' size and notes are compared.
        step: Seconds.
    """

    name: str
    about: str
    make: Make
    out: str = ""
    options: Sequence[str] = ()
    preset: str = "bicubic"
    refusal: str | None = None
    said: str | None = None
    repacked: bool = False
    damaged: bool = False
    frames: int | None = None
    step: Fraction = Fraction(1, 25)

    @property
    def result(self) -> str:
        """The result's name."""
        return f"out{self.out or Path(self.name).suffix}"


def coded(
    arguments: str,
    size: str = "64x48",
    rate: str = "25",
    frames: int = 24,
    sound: str | None = TONE,
) -> Make:
    """Moving pictures and a tone, by ffmpeg's options."""

    def make(path: Path) -> None:
        video = PICTURES.format(rate=rate, frames=frames, size=size.replace("x", ":"))
        inputs = ["-f", "lavfi", "-i", video, *(["-f", "lavfi", "-i", sound] if sound else [])]
        ffmpeg(*inputs, "-threads", 1, *shlex.split(arguments), path)

    return make


def silent(arguments: str, size: str = "64x48", rate: str = "25", frames: int = 24) -> Make:
    """Moving pictures alone."""
    return coded(arguments, size, rate, frames, None)


def changed(first: Make, ending: str, before: str = "", after: str = "-c copy") -> Make:
    """Another file through ffmpeg once more: options before it, and after it."""

    def make(path: Path) -> None:
        plain = path.with_name(f".plain{ending}")
        first(plain)
        ffmpeg(*shlex.split(before), "-i", plain, "-map", 0, *shlex.split(after), path)

    return make


def with_cover(path: Path) -> None:
    """Film and sound, and a picture for shelves."""
    plain, cover = path.with_name(".plain.mp4"), path.with_name(".cover.png")
    coded("-c:v libx264")(plain)
    ffmpeg("-f", "lavfi", "-i", "color=red:size=20x20", "-frames:v", 1, cover)
    if path.suffix == ".mkv":
        attached = ("-attach", cover, "-metadata:s:t", "mimetype=image/png")
        ffmpeg("-i", plain, "-c", "copy", *attached, path)
    else:
        places = ("-map", 0, "-map", 1, "-disposition:v:1", "attached_pic")
        ffmpeg("-i", plain, "-i", cover, *places, "-c", "copy", path)


X264 = "-c:v libx264 -preset veryfast"
PLAIN = coded(f"{X264} -bf 3 -c:a aac")
OPEN_GOP = silent(f"{X264} -bf 3 -x264-params open-gop=1:keyint=8:min-keyint=8:scenecut=0")
X265 = "-c:v libx265 -x265-params log-level=none"
HEVC_OPEN = silent(f"{X265}:open-gop=1:keyint=8:min-keyint=8:bframes=3", "96x64")
PALETTE = "-filter_complex split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none"
UNEVEN = [15360, 15900, 17000, 17001, 20000, 26000, 26100, 27000]
GAP = [STEP * n + (15360 * 3 if n >= 6 else 0) for n in range(12)]
COLORS = "-color_range tv -colorspace {0} -color_primaries {1} -color_trc {2}"
HDR = (
    f"{X265}:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    ":max-cll=1000,400 -pix_fmt yuv420p10le " + COLORS.format("bt2020nc", "bt2020", "smpte2084")
)


def timed(ticks: Sequence[int], **settings: object) -> Make:
    """A film whose frames have these times."""
    return lambda path: film(path, len(ticks), times=ticks, **settings)


def lossless(size: str, pix_fmt: str = "yuv420p", frames: int = 5) -> Make:
    """FFV1 takes any size and nearly any pixel format."""
    return silent(f"-c:v ffv1 -pix_fmt {pix_fmt}", size, frames=frames)


WORK = (
    Case("plain.mp4", "H.264 with B-frames, AAC", PLAIN),
    Case("small.mp4", "the network that ships", PLAIN, preset="small"),
    Case("small.mkv", "the same, a cut", lambda p: film(p, 16, cuts=[7]), preset="small"),
    Case("silent.mp4", "no sound", silent(X264)),
    Case("one-frame.mp4", "one frame", silent(X264, frames=1)),
    Case("one-frame.webm", "one frame of VP9", silent("-c:v libvpx-vp9", frames=1)),
    Case("picture.png", "a picture", silent("", frames=1), ".mkv"),
    # times
    Case("uneven.mp4", "variable rate, late start", timed(UNEVEN, languages=["deu"])),
    Case("uneven.mkv", "the same in Matroska", timed(UNEVEN, languages=["deu"])),
    Case("gap.mp4", "3 seconds without a frame", timed(GAP)),
    Case("ntsc.mov", "30000/1001 frames a second", silent(X264, rate="30000/1001")),
    Case("fast.mkv", "3,000 frames a second: times are alike", silent(X264, rate="3000"),
         said="had no time, or a time that was not after"),
    Case("edited.mp4", "cut without coding: an edit list", changed(PLAIN, ".mp4", "-ss 0.3")),
    Case("negative.mp4", "composition offsets below 0",
         coded(f"{X264} -bf 3 -c:a aac -movflags negative_cts_offsets")),
    Case("below-zero.mp4", "frames before time 0",
         changed(PLAIN, ".mp4", "", "-c copy -output_ts_offset -0.2 -avoid_negative_ts disabled")),
    Case("fragments.mp4", "fragmented",
         coded(f"{X264} -g 6 -c:a aac -movflags frag_keyframe+empty_moov")),
    Case("wrapping.ts", "its clock runs over",
         coded(f"{X264} -c:a mp2 -output_ts_offset 95443.2"), ".mkv", repacked=True),
    Case("late.mp4", "half a minute late", coded(f"{X264} -c:a aac -output_ts_offset 30")),
    Case("elementary.264", "no times at all", silent(X264), ".mp4",
         said="24 frames had no time, or"),
    Case("elementary.hevc", "no times at all", silent(X265, "96x64"), ".mkv"),
    # sizes and shapes
    *(Case(f"{size}.mkv", "an odd size", lossless(size))
      for size in ("1x1", "2x1", "3x2", "5x9", "17x31", "64x1")),
    Case("33x47.webm", "an odd size, VP9", silent("-c:v libvpx-vp9", "33x47", frames=5)),
    Case("63x45.mp4", "an odd size, MPEG-4", silent("-c:v mpeg4", "63x45", frames=5)),
    Case("portrait.mp4", "a narrow one", silent(X264, "24x120", frames=5)),
    *(Case(f"rotated-{angle}.mp4", "rotated",
           changed(PLAIN, ".mp4", f"-display_rotation {angle}")) for angle in (90, 180, -90)),
    Case("mirrored.mp4", "mirrored", changed(PLAIN, ".mp4", "-display_hflip")),
    Case("rotated.mkv", "rotated, Matroska", changed(PLAIN, ".mp4", "-display_rotation 90")),
    Case("anamorphic.mp4", "pixels of 4:3", lambda p: film(p, 5, aspect=Fraction(4, 3))),
    Case("anamorphic.mkv", "pixels of 16:11", lambda p: film(p, 5, aspect=Fraction(16, 11))),
    # pixel formats and colours
    Case("10-bits.mp4", "10 bits", silent(f"{X264} -pix_fmt yuv420p10le")),
    Case("422-10.mp4", "4:2:2, 10 bits", silent(f"{X264} -pix_fmt yuv422p10le")),
    Case("444.mp4", "4:4:4", silent(f"{X264} -pix_fmt yuv444p")),
    Case("12-bits.mkv", "12 bits", lossless("64x48", "yuv422p12le")),
    Case("grey.mkv", "grey", lossless("64x48", "gray")),
    Case("grey-10.mkv", "grey, 10 bits", lossless("64x48", "gray10le")),
    Case("rgb.mkv", "RGB of H.264", silent("-c:v libx264rgb")),
    Case("rgb-10.mkv", "RGB, 10 bits", lossless("64x48", "gbrp10le")),
    Case("410.mkv", "4:1:0", lossless("64x48", "yuv410p")),
    Case("411.mkv", "4:1:1", lossless("64x48", "yuv411p")),
    Case("440.mkv", "4:4:0", lossless("64x48", "yuv440p")),
    Case("alpha.mkv", "with transparency", lossless("64x48", "yuva420p"),
         said="the source's transparency is left out"),
    Case("palette.gif", "a palette", silent(PALETTE, frames=8), ".mkv"),
    Case("packed.avi", "UYVY, not coded, PCM",
         coded("-c:v rawvideo -pix_fmt uyvy422 -c:a pcm_s16le"), ".mkv"),
    Case("full-range.mp4", "full range",
         silent(f"{X264} -vf scale=out_range=full -pix_fmt yuvj420p -color_range pc")),
    *(Case(f"{names[0]}.mp4", f"tagged {names[0]}", silent(f"{X264} {COLORS.format(*names)}"))
      for names in (("smpte170m",) * 3, ("bt709",) * 3, ("bt470bg", "bt470bg", "gamma28"))),
    Case("hdr.mp4", "HEVC, BT.2020, PQ, its display", silent(HDR, "96x64", frames=8)),
    Case("hdr.mkv", "the same in Matroska", silent(HDR, "96x64", frames=8)),
    # codecs and containers
    Case("vp8.webm", "VP8, Vorbis", coded("-c:v libvpx -c:a libvorbis")),
    Case("vp9.webm", "VP9, Opus", coded("-c:v libvpx-vp9 -c:a libopus")),
    Case("av1.mp4", "AV1", silent("-c:v libsvtav1 -svtav1-params lp=1 -preset 10", frames=8)),
    Case("hevc.mov", "HEVC", coded(f"{X265} -c:a aac", "96x64")),
    Case("open-gop.mp4", "H.264, open GOPs", OPEN_GOP),
    Case("open-gop.mkv", "HEVC, open GOPs", HEVC_OPEN),
    Case("begins-open.mkv", "begins with a picture that refers to what is gone",
         changed(HEVC_OPEN, ".mkv", "-ss 0.4")),
    Case("refresh.mkv", "one key frame, intra refresh",
         silent(f"{X264} -x264-params intra-refresh=1:keyint=12")),
    Case("mpeg4.avi", "MPEG-4 with B-frames, MP3", coded("-c:v mpeg4 -bf 2 -c:a libmp3lame"),
         ".mkv"),
    Case("mpeg2.mpg", "MPEG-2 and its program stream", coded("-c:v mpeg2video -c:a mp2"), ".mkv",
         repacked=True),
    Case("h264.ts", "H.264, AAC of a transport stream", coded(f"{X264} -c:a aac"), ".mp4",
         repacked=True),
    Case("theora.ogv", "Theora, FLAC", coded("-c:v libtheora -c:a flac"), ".mkv"),
    Case("wmv2.wmv", "WMV, WMA", coded("-c:v wmv2 -c:a wmav2"), ".mkv"),
    Case("h263.3gp", "H.263", silent("-c:v h263", "128x96", frames=6), ".mp4"),
    Case("flash.flv", "Sorenson, MP3", coded("-c:v flv -c:a libmp3lame -ar 22050"), ".mkv"),
    Case("mjpeg.avi", "Motion JPEG", coded("-c:v mjpeg -c:a pcm_s16le"), ".mkv"),
    Case("prores.mov", "ProRes 4:2:2, PCM, a timecode",
         coded("-c:v prores_ks -c:a pcm_s16le -timecode 01:00:00:00")),
    Case("prores-4444.mov", "ProRes 4:4:4:4", silent("-c:v prores_ks -pix_fmt yuva444p10le"),
         said="transparency"),
    Case("huffyuv.mkv", "HuffYUV", silent("-c:v huffyuv -pix_fmt yuv422p")),
    Case("raw.y4m", "not coded", silent("-pix_fmt yuv420p", frames=6), ".mp4"),
    Case("interlaced.mkv", "interlaced H.264", silent(f"{X264} -flags +ildct+ilme"),
         said="the source is interlaced"),
    Case("interlaced.ts", "interlaced MPEG-2", silent("-c:v mpeg2video -flags +ildct+ilme"), ".mkv",
         said="the source is interlaced"),
    # other streams
    Case("longer-sound.mp4", "sound longer than the pictures",
         coded(f"{X264} -c:a aac", sound=TONE.replace("0.96", "3"))),
    Case("later-sound.mkv", "sound that begins later",
         changed(PLAIN, ".mp4", "", "-c:v copy -af adelay=400 -c:a flac")),
    Case("sound-first.mkv", "sound is the first stream",
         coded(f"-map 1 -map 0 {X264} -c:a flac")),
    Case("three-tracks.mp4", "AAC, AC-3, MP3",
         coded(f"-map 0 -map 1 -map 1 -map 1 {X264} -c:a:0 aac -c:a:1 ac3 -c:a:2 libmp3lame"
               " -ar 48000 -metadata:s:a:1 language=fra -disposition:a:1 comment")),
    Case("three-tracks.mkv", "the same in Matroska",
         coded(f"-map 0 -map 1 -map 1 -map 1 {X264} -c:a:0 aac -c:a:1 ac3 -c:a:2 libmp3lame"
               " -ar 48000 -metadata:s:a:1 language=fra -disposition:a:1 comment")),
    Case("full.mp4", "subtitles, chapters, two languages, a title", full_film),
    Case("full.mkv", "the same, and a font", full_film),
    Case("moved.mp4", "from MP4 to Matroska", PLAIN, ".mkv"),
    Case("moved.mkv", "from Matroska to MP4", PLAIN, ".mp4"),
    Case("cover-moved.mp4", "a cover, from MP4 to Matroska", with_cover, ".mkv"),
    Case("cover.mp4", "a cover", with_cover),
    Case("cover.mkv", "a cover", with_cover),
    Case("two-films.mkv", "two videos in one", coded(f"-map 0 -map 0 {X264} -an")),
    Case("cuts.mp4", "scene cuts, parts of 8 frames", lambda p: film(p, 24, cuts=[7, 8, 20]),
         options=["--segment", "8"]),
    Case("Größe 100%d: it's a film.mp4", "a difficult name", PLAIN),
    Case("bitstream-hdr.ts", "HDR of the bitstream alone", silent(HDR, "96x64", frames=8),
         ".mp4"),
    Case("cover.m4v", "a cover, which FFmpeg's own .m4v does not take", odd.m4v_with_cover),
    Case("preview-first.mkv", "a small video before the large one", odd.small_film_first,
         said="the source holds 2 videos"),
    Case("still-first.mp4", "one picture before the moving ones", odd.still_first,
         said="the source holds 2 videos"),
    Case("words.mkv", "ASS, which MP4 does not hold", odd.words, ".mp4", frames=12,
         step=Fraction(1, 30), said="becomes mov_text"),
    Case("phone.mov", "place, make and model, as phones name them", odd.phone(X264)),
    Case("latin.avi", "a title that is not UTF-8", odd.latin, ".mkv"),
    Case("pipe.avi", "written to a pipe: its length is not filled in", odd.pipe_avi, ".mkv"),
    # clocks
    Case("jumping.vob", "two joined: the clock jumps back", odd.jumping, ".mkv", frames=48,
         said="the source's clock jumps 1 times"),
    Case("stored-order.avi", "H.264 with B-frames, timed as they are stored",
         silent(f"{X264} -bf 2"), ".mp4", frames=24),
    Case("stored-order.mkv", "frames without times of their own",
         changed(silent(f"{X264} -bf 2"), ".mp4", "", "-c copy -bsf:v setts=pts=DTS"), frames=24),
    Case("hours.mp4", "hours between frames, 90,000 ticks a second", odd.hours),
    Case("two-sizes.ts", "joined of two sizes", odd.two_sizes, ".mp4", frames=8,
         step=Fraction(1, 30), said="4 frames of the source differ from the first"),
    # fields
    Case("deinterlaced.mkv", "interlaced MPEG-2, --deinterlace auto",
         silent("-c:v mpeg2video -q:v 2 -flags +ildct+ilme"), options=["--deinterlace", "auto"]),
    Case("pulldown.ts", "film in 3:2 pulldown, --deinterlace auto", odd.pulldown, ".mkv",
         ["--deinterlace", "auto"], frames=40, step=Fraction(1001, 24000),
         said="its 50 frames became the 40 of the film"),
    # what frames carry along
    Case("alpha.webm", "VP9 with transparency in another layer",
         silent("-c:v libvpx-vp9 -pix_fmt yuva420p", frames=8), said="transparency is left out"),
    Case("views.mkv", "stereo 3D, side by side", silent(f"{X264} -x264-params frame-packing=3")),
    # damage, passed over
    Case("cut-off.mkv", "cut off, --keep-going", damage.cut_off(PLAIN, 0.6),
         options=["--keep-going"], damaged=True),
    Case("cut-off.mov", "cut off behind its index, --keep-going",
         damage.cut_off(coded(f"{X264} -c:a aac -movflags faststart"), 0.7),
         options=["--keep-going"], said="damaged places of the source", damaged=True),
    Case("corrupt.mp4", "bytes changed in the middle, --keep-going", damage.corrupt(PLAIN),
         options=["--keep-going"], said="damaged places of the source", damaged=True),
    Case("corrupt.mkv", "bytes changed in the middle, --keep-going", damage.corrupt(PLAIN),
         options=["--keep-going"], said="damaged places of the source", damaged=True),
)  # fmt: skip

NO_VIDEO = "is not a video that can be read"
REFUSED = (
    Case("text.mp4", "a text", lambda p: p.write_text("no video\n" * 99), refusal=NO_VIDEO),
    Case("empty.mp4", "no bytes", lambda p: p.touch(), refusal=NO_VIDEO),
    Case("noise.mp4", "random bytes", damage.noise, refusal=NO_VIDEO),
    Case("zeros.mkv", "only zeros", lambda p: p.write_bytes(bytes(5000)), refusal=NO_VIDEO),
    Case("sound.m4a", "sound alone", changed(PLAIN, ".mp4", "", "-map -0:v -c copy"), ".mp4",
         refusal="has no video stream, only audio"),
    Case("cover.mp3", "sound and its cover", damage.song_with_cover, ".mp4",
         refusal="has no video stream"),
    Case("no-frame.mkv", "zero frames", changed(PLAIN, ".mp4", "", "-c copy -frames:v 0"),
         refusal="contains no frame|is not a video"),
    Case("no-frame.mp4", "zero frames", silent(f"{X264} -frames:v 0"),
         refusal="contains no stream"),
    Case("cut-off.mp4", "cut off, its index is lost", damage.cut_off(PLAIN, 0.6),
         refusal=NO_VIDEO),
    Case("cut-off.mov", "cut off behind its index",
         damage.cut_off(coded(f"{X264} -c:a aac -movflags faststart"), 0.7),
         refusal=r"is cut off: \d+ bytes"),
    Case("cut-off-late.mov", "cut off, only sound is lost",
         damage.cut_off(coded(f"{X264} -c:a aac -movflags faststart"), 0.97),
         refusal=r"is cut off: \d+ bytes"),
    Case("cut-off.avi", "cut off, AVI", damage.cut_off(coded("-c:v mpeg4 -c:a mp2"), 0.6), ".mkv",
         refusal="is cut off|is damaged"),
    Case("cut-off.mkv", "cut off", damage.cut_off(PLAIN, 0.6), refusal=r"is damaged after \d+ fr"),
    Case("corrupt.mp4", "bytes changed in the middle", damage.corrupt(PLAIN), refusal="is damaged"),
    Case("corrupt.mkv", "bytes changed in the middle", damage.corrupt(PLAIN), refusal="is damaged"),
    Case("encrypted.mp4", "encrypted (CENC)",
         coded(f"{X264} -c:a aac -encryption_scheme cenc-aes-ctr -encryption_key {'7e' * 16}"
               f" -encryption_kid {'a7' * 16}"), refusal="is damaged|encrypted|contains no frame"),
    Case("unknown.mp4", "an unknown codec", damage.renamed(PLAIN, b"avc1", b"zz99"),
         refusal="codec"),
    Case("sound.mkv", "WebM does not take its AAC", coded(f"{X264} -c:a aac"), ".webm",
         refusal="cannot hold audio"),
    *(Case("plain.mp4", f"into {ending}, which loses times or takes no video", PLAIN, ending,
           refusal=rf"out\{ending}")
      for ending in (".avi", ".gif", ".mp3", ".264", ".mpg", ".xyz")),
    Case("plain.mkv", "into .webm with H.264", silent(X264), ".webm", ["--codec", "libx264"],
         refusal=r"\.webm cannot hold"),
)  # fmt: skip

CASES = (*WORK, *REFUSED)


def real_cases(paths: Sequence[Path]) -> list[Case]:
    """The first frames of real files, not coded anew."""
    files = [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.suffix.lower() in VIDEO
    ]

    def head(file: Path) -> Make:
        frames = ("-frames:v", REAL_FRAMES)
        kinds = ("-map", "0:v", "-map", "0:a?", "-map", "0:s?")  # data has no frames
        return lambda path: ffmpeg("-i", file, *kinds, "-c", "copy", *frames, path)

    cases = []
    for file in files:
        raw = file.suffix.lower() in (".264", ".h264", ".h265", ".y4m")
        unwritten = "" if file.suffix.lower() in CONTAINERS else ".mkv"
        cases.append(Case(file.name, "real", head(file), ".mp4" if raw else unwritten))
    return cases
