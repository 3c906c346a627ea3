"""fca2_plugin.codec.bitstream: what is stored decodes to exactly what the round trip gave."""

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, probe, read_video, stream_through
from fca2_plugin.codec.bitstream import BitstreamWriter
from fca2_plugin.codec.encoders import ENCODERS
from tests.codec.footage import moving_clip
from tests.conftest import require_host

require_host("av")


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_stored_stream_decodes_to_the_same_frames(codec, tmp_path):
    frames = moving_clip(30, 64, 80)
    settings = CodecSettings(codec, pix_fmt="yuv420p", fps=25)
    path = tmp_path / f"clip{ENCODERS[codec].suffix}"
    with BitstreamWriter(settings, path) as writer:
        coded = list(stream_through(frames, settings, writer))
    on_disk = list(read_video(path))
    assert len(on_disk) == 30
    assert all(map(np.array_equal, on_disk, coded))
    assert 0 <= path.stat().st_size - writer.num_bytes <= 32 + 30 * 14
    info = probe(path)
    assert (info.width, info.height, info.pix_fmt) == (80, 64, "yuv420p")
    if path.suffix == ".ivf":
        assert info.fps == 25


def test_counting_needs_no_file():
    settings = CodecSettings(crf=25)
    with BitstreamWriter(settings) as writer:
        list(stream_through(moving_clip(3, 16, 16), settings, writer))
    assert writer.num_bytes > 100
