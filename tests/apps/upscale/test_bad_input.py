"""Each mistake is one sentence; nothing half is left, and the source is as it was."""

import resource
from dataclasses import replace

import pytest
import torch

from fca2_plugin.apps.upscale import UpscaleOptions, upscale
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.inference import load, weights_list
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from tests.apps.upscale.films import Enlarge, ffmpeg, film

CPU = InferenceSettings("cpu")
OPTIONS = UpscaleOptions(cuts=False, encoder_preset="ultrafast")


@pytest.fixture
def source(tmp_path):
    return film(tmp_path / "in.mp4", languages=["deu"])


def refused(source, out, message, error=ValueError, network=None, **options):
    before = sorted(out.parent.iterdir()) if out.parent.is_dir() else None
    content = source.read_bytes() if source.is_file() else None
    with pytest.raises(error, match=message) as caught:
        upscale(source, out, network=network or Enlarge(2), options=replace(OPTIONS, **options))
    assert "\n" not in str(caught.value)
    if before is not None:
        assert sorted(out.parent.iterdir()) == before
    assert content is None or source.read_bytes() == content


def test_sources_that_are_no_video(tmp_path, source):
    out = tmp_path / "out.mp4"
    sound = tmp_path / "sound.mp4"
    ffmpeg("-i", source, "-map", "0:a", "-c", "copy", sound)
    refused(sound, out, "sound.mp4 has no video stream, only audio; give a file that contains")
    (tmp_path / "text.mp4").write_text("no video")
    refused(tmp_path / "text.mp4", out, "text.mp4 is not a video that can be read")
    (tmp_path / "empty.mp4").touch()
    refused(tmp_path / "empty.mp4", out, "empty.mp4 is not a video that can be read")
    refused(tmp_path / "none.mp4", out, "there is no video file .*none.mp4", FileNotFoundError)


def cut_off(path, name, share):
    data = path.read_bytes()
    cut = path.with_name(name)
    cut.write_bytes(data[: int(share * len(data))])
    return cut


def test_damaged_sources(tmp_path, source):
    out = tmp_path / "out.mp4"
    refused(cut_off(source, "half.mp4", 0.5), out, "half.mp4 is not a video that can be read")
    ffmpeg("-i", source, "-c", "copy", "-movflags", "faststart", tmp_path / "front.mp4")
    part = cut_off(tmp_path / "front.mp4", "part.mp4", 0.6)
    refused(part, out, r"part.mp4 is cut off: \d+ bytes that its index lists are missing; copy")
    result = upscale(part, out, network=Enlarge(2), options=replace(OPTIONS, keep_going=True))
    assert 0 < result.num_frames <= 12
    assert "damaged places of the source were skipped" in result.notes[-1]


def test_a_source_without_a_frame(tmp_path, source):
    frameless = tmp_path / "frameless.mkv"
    ffmpeg("-i", source, "-c", "copy", "-frames:v", 0, "-map", 0, frameless)
    refused(
        frameless, tmp_path / "out.mkv", "frameless.mkv (contains no frame|is damaged|is not a)"
    )


def test_a_source_that_changes_while_it_is_read(tmp_path, source):
    other = film(tmp_path / "other.mp4", cuts=[1])

    class Swaps(Enlarge):
        def forward(self, lq):
            if lq.shape[-2] == 48 and other.exists():
                other.replace(source)
            return super().forward(lq)

    options = replace(OPTIONS, segment=2, chunk=2, context=0)
    with pytest.raises(ValueError, match="in.mp4 changed while it was read"):
        upscale(source, tmp_path / "out.mp4", network=Swaps(2), options=options)


def test_results_that_cannot_be(tmp_path, source):
    taken = tmp_path / "taken.mp4"
    taken.write_bytes(b"mine")
    refused(source, taken, "taken.mp4 already exists; choose another name, or replace it with")
    assert taken.read_bytes() == b"mine"
    refused(source, source, "in.mp4 is the source itself", overwrite=True)
    refused(source, tmp_path / "in.mp4" / "out.mp4", "cannot be written")
    refused(source, tmp_path / "out.xyz", "out.xyz is not a container that can store")
    refused(source, tmp_path / "out", "out is not a container that can store")
    for ending in (".avi", ".gif", ".mp3", ".264"):  # FFmpeg takes them, and loses frames' times
        message = f"out{ending} is not a container that can store the time of every frame"
        refused(source, tmp_path / f"out{ending}", message)
    silent = film(tmp_path / "silent.mp4", 2)
    message = (
        ".webm files cannot contain video coded by libx264; name the result .mkv or .mp4 or .mov, "
        "or"
    )
    refused(silent, tmp_path / "out.webm", message, codec="libx264")


def test_streams_that_the_container_cannot_hold(tmp_path, source):
    out = tmp_path / "out.webm"
    refused(source, out, r".webm cannot hold audio 1 aac deu default; name the result .mkv or .mp4")
    options = replace(OPTIONS, drop_unsupported=True, encoder_preset="8")
    result = upscale(source, out, network=Enlarge(2), options=options)
    assert any("audio 1 aac deu default" in note for note in result.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codec": "libx26"}, r"this PyAV has no encoder libx26 \(did you mean 'libx265'\?\)"),
        ({"codec": "aac"}, "aac encodes audio, not video; expected libx264"),
        (
            {"codec": "libx264", "encoder_preset": "hasty"},
            "libx264 does not accept the settings .*hasty",
        ),
        (
            {"codec": "libx264", "pix_fmt": "yuv420p12le"},
            "libx264 does not take pix_fmt yuv420p12le",
        ),
        ({"pix_fmt": "nv12"}, "'nv12' does not store Y, U and V in separate planes"),
        ({"encoder_options": {"crff": "3"}}, "libx264 has no option 'crff'"),
        ({"chunk": 4, "context": 2}, "chunks of 4 frames are too short for 2 frames of context"),
        ({"tile": 16, "tile_overlap": 16}, "tiles of 16 pixels are too small for an overlap"),
        ({"preview_seconds": 1.0, "preview_start": 9.0}, "there is no frame from second 9 on"),
        ({"device": "gpu"}, "device 'gpu' cannot be used here; expected cpu"),
    ],
)
def test_options_that_do_not_fit(tmp_path, source, options, message):
    refused(source, tmp_path / "out.mp4", message, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "fp61"}, r"unknown dtype 'fp61' \(expected one of bfloat16, float16, float32\)"),
        ({"chunk": 0}, "chunk must be at least 1, got 0"),
        ({"memory_budget_gib": 0}, "memory_budget_gib must be above 0 and finite, got 0"),
        ({"resume": True, "overwrite": True}, "give only one of them"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        UpscaleOptions(**options)


def test_x265_needs_64_pixels(tmp_path, source):
    refused(
        source,
        tmp_path / "out.mp4",
        "libx265 needs at least 64 pixels a side, got 64x48; use libx264",
        network=Enlarge(1),
        codec="libx265",
        encoder_preset=None,
    )


def test_half_chroma_does_not_cover_an_odd_size(tmp_path):
    source = film(tmp_path / "in.mkv", 2, (45, 61), codec="ffv1")
    refused(
        source,
        tmp_path / "out.mp4",
        "libx264 cannot write 61x45 pixels as yuv420p, .*; use yuv444p",
        network=Enlarge(1),
        pix_fmt="yuv420p",
    )


class Returns(Enlarge):
    def __init__(self, result):
        super().__init__(2)
        self.result = result

    def forward(self, lq):
        return self.result(super().forward(lq))


def test_networks_that_return_nonsense(tmp_path, source):
    out = tmp_path / "out.mp4"

    def poison(sr):
        sr = sr.clone()
        sr[0, 1, 0, 3, 4] = float("nan")
        return sr

    refused(source, out, "Returns returned NaN or infinity for frame 1", network=Returns(poison))
    refused(
        source,
        out,
        r"returned \(1, 1, 3, 128, 128\) for a clip of",
        network=Returns(lambda sr: sr[:, :-1]),
    )

    class NoScale(torch.nn.Module):
        def forward(self, lq):
            return lq[:, 0]

    refused(source, out, r"NoScale returned \(1, 3, 64, 64\) for a clip", network=NoScale())


def test_no_network(tmp_path, source, monkeypatch):
    monkeypatch.setattr(load, "list_shipped", dict)
    monkeypatch.setattr(weights_list, "list_shipped", dict)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.txt").touch()
    for given, message in (
        ({}, r"no network was chosen; give a config and its checkpoint .* bicubic \(x4\)"),
        ({"config": "c.py"}, "c.py without a checkpoint has random weights; add the checkpoint"),
        ({"checkpoint": "k.pth"}, "checkpoint k.pth needs the config"),
        ({"weights": "bicubik"}, r"unknown weights 'bicubik' \(did you mean 'bicubic'\?\)"),
        ({"weights": "bicubic", "network": Enlarge()}, "weights and network exclude each other"),
        ({"config": "c.txt", "checkpoint": "k.pth"}, "c.txt is not a config"),
    ):
        with pytest.raises(ValueError, match=message):
            upscale(source, tmp_path / "out.mp4", **given)


class Hungry(Enlarge):
    """Needs memory for more pixels than there is."""

    def __init__(self, most, error):
        super().__init__(2)
        self.most, self.error = most, error
        self.seen = []

    def forward(self, lq):
        if lq.shape[-2] != 64 and lq.shape[1] * lq.shape[-2] * lq.shape[-1] > self.most:
            raise self.error
        self.seen.append(tuple(lq.shape))
        return super().forward(lq)


OUT_OF_MEMORY = [
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_where_memory_runs_out_less_is_tried(tmp_path, source, error):
    network = ClipRunner(Hungry(48 * 64, error), "hungry", CPU)
    options = replace(OPTIONS, chunk=8, context=0, tile=0, segment=5)
    result = upscale(source, tmp_path / "out.mp4", network=network, options=options)
    assert result.num_frames == 12
    # 8 frames, then 4, 2 and 1, which fits
    assert {shape[1] for shape in network.network.seen if shape[-2] == 48} == {1}


def test_where_nothing_fits_it_is_said(tmp_path, source):
    network = ClipRunner(Hungry(0, MemoryError()), "hungry", CPU)
    with pytest.raises(ValueError, match="hungry does not fit into memory even with chunks of 1 "):
        upscale(source, tmp_path / "out.mp4", network=network, options=replace(OPTIONS, chunk=2))


def test_a_full_disk(tmp_path, source):
    """A limit on the size of files, which the kernel reports much like a full disk."""
    out = tmp_path / "out.mp4"
    options = replace(OPTIONS, segment=4)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit, kept in ((4_000, False), (10_000, True)):  # less than a segment, than the whole
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
        try:
            with pytest.raises(
                OSError, match="there is no space for .*out.mp4: .*; free some space"
            ):
                upscale(source, out, network=Enlarge(2), options=options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert not out.exists()
        assert WorkFolder(out).has_segments() is kept
    resumed = upscale(source, out, network=Enlarge(2), options=replace(options, resume=True))
    assert resumed.resumed_frames == 12


def test_a_job_that_lost_its_sizes(tmp_path):
    with pytest.raises(ValueError, match="has lost its sizes-.* with --overwrite"):
        WorkFolder(tmp_path / "out.mp4").get_sizes(0)
