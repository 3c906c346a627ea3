"""Our SPyNet is MMagic's: the same names, the same flow from the same weights."""

import pytest
import torch

from fca2_plugin.layers.spynet import SPyNet
from tests.conftest import require_host

require_host("mmagic")

from fca2_plugin.compat import prepare_mmagic  # noqa: E402

prepare_mmagic()

from mmagic.models.editors.basicvsr.basicvsr_net import SPyNet as HostSPyNet  # noqa: E402

pytestmark = pytest.mark.mmagic


@pytest.fixture(scope="module")
def nets() -> tuple[SPyNet, torch.nn.Module]:
    torch.manual_seed(0)
    ours, host = SPyNet().eval(), HostSPyNet(pretrained=None).eval()
    ours.load_state_dict(host.state_dict(), strict=True)
    return ours, host


def test_names_and_shapes(nets):
    ours, host = ({name: v.shape for name, v in net.state_dict().items()} for net in nets)
    assert ours == host


@pytest.mark.parametrize("size", [(64, 64), (37, 51), (32, 33), (70, 90), (5, 7)])
@torch.no_grad()
def test_same_flow(nets, size):
    ours, host = nets
    ref, supp = torch.rand(2, 2, 3, *size, generator=torch.Generator().manual_seed(0))
    expected = host(ref, supp)
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(ours(ref, supp), expected, rtol=0, atol=1e-5)
