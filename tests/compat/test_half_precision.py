"""The hosts' warping and deformable convolution in half precision."""

import importlib

import pytest
import torch
from torchvision.ops import deform_conv2d

from fca2_plugin import compat
from fca2_plugin.ops.warp import flow_warp
from tests.conftest import require_host

require_host("mmagic")
require_host("basicsr")
pytestmark = [pytest.mark.mmagic, pytest.mark.basicsr]

NETS = {
    "mmagic": ("basicvsr.basicvsr_net", "basicvsr_plusplus_net.basicvsr_plusplus_net"),
    "basicsr": ("basicvsr_arch", "basicvsrpp_arch", "spynet_arch"),
}
PACKAGES = {"mmagic": "mmagic.models.editors", "basicsr": "basicsr.archs"}


@pytest.fixture(autouse=True)
def prepared():
    compat.prepare_mmagic()
    compat.prepare_basicsr()


@pytest.mark.parametrize("host", NETS)
def test_warping_counts_past_256_pixels(host):
    x = torch.rand(1, 2, 4, 600).bfloat16()
    flow = torch.full((1, 4, 600, 2), 1.0)
    for name in NETS[host]:
        warp = importlib.import_module(f"{PACKAGES[host]}.{name}").flow_warp
        result = warp(x, flow)
        assert result.dtype == torch.bfloat16
        torch.testing.assert_close(result[:, :, :3, :-1], x[:, :, 1:, 1:], rtol=0, atol=1e-2)
        torch.testing.assert_close(result, flow_warp(x, flow))
        # the host's own does not
        with torch.autocast("cpu", torch.bfloat16):
            own = warp.__wrapped__(x, flow.bfloat16())[:, :, :3, :-1]
        assert (own - x[:, :, 1:, 1:]).abs().max() > 0.1


@pytest.mark.parametrize("host", NETS)
def test_nothing_changes_in_float32(host):
    x, flow = torch.rand(1, 2, 5, 7), torch.rand(1, 5, 7, 2)
    warp = importlib.import_module(f"{PACKAGES[host]}.{NETS[host][0]}").flow_warp
    assert torch.equal(warp(x, flow), warp.__wrapped__(x, flow))
    assert warp(x.double(), flow.double()).dtype == torch.float64


def test_deformable_convolution_under_autocast_on_a_cpu():
    x = torch.rand(1, 4, 8, 8, requires_grad=True)
    offset, weight, mask = torch.rand(1, 18, 8, 8), torch.rand(4, 4, 3, 3), torch.rand(1, 9, 8, 8)
    expected = deform_conv2d(x, offset, weight, None, padding=1, mask=mask)
    with torch.autocast("cpu", torch.bfloat16):
        result = deform_conv2d(x, offset, weight, None, padding=1, mask=mask)
        rounded = deform_conv2d(x.bfloat16(), offset, weight, None, padding=1, mask=mask)
    assert torch.equal(result, expected)
    torch.testing.assert_close(rounded, expected, rtol=1e-2, atol=1e-2)
    rounded.sum().backward()
    assert x.grad.isfinite().all()
