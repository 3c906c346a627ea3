"""Networks over clips: whole and in chunks."""

import numpy as np
import pytest
import torch
from torch import nn

from fca2_plugin.apps.methods import NetworkMethod
from fca2_plugin.apps.pairs import ClipPair
from fca2_plugin.codec import write_yuv
from fca2_plugin.data import find_media, write_frames
from fca2_plugin.inference.enhance import enhance_video
from fca2_plugin.inference.load import load_network
from fca2_plugin.inference.run import to_clip, to_frames
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import NetSpec, RFDANet, STDFNet
from tests.codec.footage import moving_clip

CLIP = moving_clip(9, 16, 24)


@pytest.fixture
def pair(tmp_path):
    write_frames(tmp_path / "walk", CLIP)
    (clip,) = find_media(tmp_path / "walk")
    return ClipPair("walk", clip, lq=clip, num_frames=9)


class TimeBlur(nn.Module):
    """Three frames in time, twice the size: what a chunk without context gets wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes = []

    def forward(self, clip):
        self.sizes.append(clip.shape[1])
        padded = torch.cat([clip[:, :1], clip, clip[:, -1:]], 1)
        mean = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3
        return mean.repeat_interleave(2, -1).repeat_interleave(2, -2)


def method(network, *chunk):
    return NetworkMethod(ClipRunner(network, "it", InferenceSettings("cpu")), *chunk)


def run(method, pair):
    frames, times = zip(*method(pair), strict=True)
    assert all(ms >= 0 for ms in times)
    return np.stack(frames)


def test_chunks_with_context_give_what_the_whole_clip_gives(pair):
    whole = run(method(TimeBlur()), pair)
    assert whole.shape == (9, 32, 48, 3) and whole.dtype == np.uint8
    network = TimeBlur()
    assert np.array_equal(run(method(network, 4, 1), pair), whole)
    assert max(network.sizes) == 4
    assert not np.array_equal(run(method(network, 4, 0), pair), whole)


def test_context_is_what_the_network_needs_and_a_chunk_has_room_for():
    assert method(TimeBlur(), 30).context == 8  # nothing is known of it
    assert method(TimeBlur(), 8).context == 3
    assert method(TimeBlur()).context == 0


def test_chunks_of_fca2_stay_where_they_are(pair):
    network = TimeBlur()
    network.cut_multiple = 7
    network.context_frames = 0
    run(method(network, 8), pair)
    assert network.sizes[1:] == [7, 2]  # the first was to see its scale


def test_frames_round_and_clip():
    clip = torch.tensor([-0.2, 0.5 / 255, 1.4 / 255, 1.2]).view(1, 1, 1, 2, 2).repeat(1, 1, 3, 1, 1)
    assert np.array_equal(to_frames(clip)[0][..., 0], [[0, 0], [1, 255]])
    assert np.array_equal(to_frames(to_clip(CLIP, "cpu")), CLIP)


def test_luma_is_neither_rounded_nor_clipped(tmp_path):
    (clip,) = find_media(write_yuv(tmp_path, "walk", [f[..., 0] for f in CLIP]).path)

    class Brighter(nn.Module):
        def forward(self, luma):
            assert luma.shape == (1, 9, 1, 16, 24)
            return luma + 0.9

    Brighter.spec = NetSpec(scale=1, color="y")
    frames = run(method(Brighter()), ClipPair("walk", clip, lq=clip, num_frames=9))
    assert frames.dtype == np.float32 and frames.max() > 1
    assert np.allclose(frames[3], CLIP[3][..., 0] / 255 + 0.9)


@pytest.mark.parametrize("net", [STDFNet(1, 1, 4, 2, 4, 4, 3), RFDANet(1, 4, 4, 4, 1)])
def test_a_video_frame_by_frame_is_the_whole_clip(net):
    """Also with the state that RFDA carries from frame to frame."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.5)
    luma = np.stack([frame[..., 0] for frame in CLIP])
    whole = net.eval()(to_clip(list(luma), "cpu"))[0, :, 0].detach().numpy()
    frames = list(enhance_video(net, luma, None, "cpu"))
    np.testing.assert_allclose(np.stack(frames), whole, atol=1e-5)


def test_networks_that_do_something_else(pair):
    class Centre(nn.Module):
        def forward(self, clip):
            return clip[:, 1]

    class Broken(nn.Module):
        def forward(self, clip):
            return torch.where(
                torch.arange(clip.shape[1]).view(1, -1, 1, 1, 1) == 3, torch.nan, clip
            )

    with pytest.raises(ValueError, match=r"it returned \(1, 3, 64, 64\) for a clip of .1, 4, 3"):
        method(Centre())
    with pytest.raises(ValueError, match="walk: it returned NaN or infinity for frame 3; check"):
        run(method(Broken()), pair)


def test_a_config_of_no_host(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.json").touch()
    with pytest.raises(
        ValueError, match="net.json is not a config; expected a file that ends in .py"
    ):
        load_network("net.json", "net.pth")
