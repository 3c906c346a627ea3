"""Released weights: the public names and shapes, spelt out here apart from the tables."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from fca2_plugin.checkpoints import fit, load_part
from fca2_plugin.nets import (
    CFSTIFNet,
    DCADNet,
    FramesAsBatch,
    FTVSRNet,
    RFDANet,
    STDFNet,
    TGAFNet,
)
from fca2_plugin.nets.stdf import STDF_VARIANTS

Shapes = dict[str, tuple[int, ...]]


def conv(name: str, i: int, o: int, k: int = 3, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (o, i, k, k)} | ({f"{name}.bias": (o,)} if bias else {})


def double(name: str, c: int) -> Shapes:
    return {f"{name}.weight": (c, c, 4, 4), f"{name}.bias": (c,)}


def unet(name: str, c: int) -> Shapes:
    shapes = {**conv(f"{name}.tr_conv.0", c, c), **conv(f"{name}.tr_conv.2", c, c)}
    shapes |= double(f"{name}.tr_conv.4", c) | conv(f"{name}.out_conv.0", c, c)
    for level in (1, 2):
        shapes |= conv(f"{name}.dn_conv{level}.0", c, c) | conv(f"{name}.dn_conv{level}.2", c, c)
        shapes |= conv(f"{name}.up_conv{level}.0", 2 * c, c)
        shapes |= double(f"{name}.up_conv{level}.2", c)
    return shapes


def block(name: str, guide: int, planes: int, out: int, k: int) -> Shapes:
    field = conv(f"{name}.offset_mask", guide, 3 * planes * k * k)
    return field | conv(f"{name}.deform_conv", planes, out, k)


def fusion(name: str, planes: int, c: int, k: int = 3) -> Shapes:
    head = conv(f"{name}.in_conv.0", planes, c)
    return head | unet(name, c) | block(name, c, planes, 64, k)


def stdf(radius: int, c: int, q: int, layers: int) -> Shapes:
    shapes = fusion("ffnet", 2 * radius + 1, c) | conv("qenet.in_conv.0", 64, q)
    for i in range(layers - 2):
        shapes |= conv(f"qenet.hid_conv.{2 * i}", q, q)
    return shapes | conv("qenet.out_conv", q, 1)


def rfda() -> Shapes:
    shapes = fusion("ffnet", 7, 32) | fusion("wpnet", 128, 32, 1)
    shapes |= conv("fuse.0", 128, 64) | conv("fuse.2", 64, 64) | conv("qenet.in_conv.0", 64, 48)
    for i in range(6):
        shapes |= conv(f"qenet.hid_conv.{3 * i}", 48, 48)
        name = f"qenet.hid_conv.{3 * i + 2}"
        shapes |= conv(f"{name}.conv1", 48, 12, 1) | conv(f"{name}.conv_f", 12, 12, 1)
        for same in ("conv_max", "conv2", "conv3", "conv3_", "dcn", "down_conv2.0"):
            shapes |= conv(f"{name}.{same}", 12, 12)
        shapes |= conv(f"{name}.mask", 12, 324) | conv(f"{name}.mask2", 12, 324)
        shapes |= conv(f"{name}.conv4", 12, 48, 1)
        shapes |= conv(f"{name}.conv_du.0", 12, 24, 1) | conv(f"{name}.conv_du.2", 24, 48, 1)
    return shapes | conv("qenet.out_conv", 48, 1)


def cf_stif() -> Shapes:
    shapes = {"mlrd.conv_first.0.weight": (32, 1, 3, 3, 3), "mlrd.conv_first.0.bias": (32,)}
    shapes |= {"mlrd.conv_first.2.weight": (32, 32, 3, 3, 3), "mlrd.conv_first.2.bias": (32,)}
    shapes |= conv("mlrd.conv_cat1", 224, 64, 1) | conv("mlrd.conv_add", 64, 64)
    for i in (1, 2, 3):
        for layer in (f"down_conv{i}.d_conv", f"down_conv{i}.conv1", f"up_conv{i}.conv1"):
            shapes |= conv(f"mlrd.{layer}", 64, 64)
        shapes |= double(f"mlrd.up_conv{i}.up_conv", 64)
    for name in ("rse1", "rse2_1", "rse2_2", "rse3_1", "rse3_2"):
        shapes |= conv(f"mlrd.{name}.conv1", 64, 64) | conv(f"mlrd.{name}.conv2", 64, 64)
    shapes |= double("mlrd.trans_conv3", 64) | double("mlrd.trans_conv2", 64)
    shapes |= block("mlrd", 64, 7, 64, 3)
    for i in (1, 2, 3):
        for size in (3, 5, 7):
            shapes |= conv(f"qe.DS_net{i}.conv{size}_1", 64, 64)
        shapes |= conv(f"qe.DS_net{i}.conv_c", 256, 64)
    shapes |= conv("qe.conv_first", 64, 64) | conv("qe.conv_c", 256, 64)
    return shapes | conv("qe.conv", 64, 64) | conv("qe.conv_last", 64, 1)


def tgaf(blocks: int) -> Shapes:
    shapes = conv("inputconv.0", 3, 64) | unet("Unet", 64)
    for k in (1, 3, 5):
        shapes |= block(f"deform_block_{k}", 64, 3, 64, k)
    shapes |= conv("RCAB.body.0", 64, 64) | conv("RCAB.body.2", 64, 64)
    shapes |= conv("RCAB.body.3.conv_du.0", 64, 64, 1) | conv("RCAB.body.3.conv_du.2", 64, 64, 1)
    shapes |= conv("fuse.0", 128, 64) | conv("wpnet.in_conv.0", 64, 64)
    shapes |= block("wpnet", 64, 64, 64, 1)
    shapes |= conv("qenet.in_conv.0", 64, 64) | conv("qenet.in_conv.2", 64, 64)
    for i in range(blocks):
        name = f"qenet.hid_conv.{3 * i + 2}"
        shapes |= conv(f"qenet.hid_conv.{3 * i}", 64, 64)
        shapes |= conv(f"{name}.gcnet.conv_mask", 32, 1, 1, bias=False)
        shapes |= conv(f"{name}.gcnet.channel_add_conv.0", 32, 32, 1, bias=False)
        shapes |= conv(f"{name}.gcnet.channel_add_conv.2", 32, 32, 1, bias=False)
        shapes |= conv(f"{name}.tail", 64, 64, bias=False)
    return shapes | conv("qenet.out_conv", 64, 1)


def residual_blocks(name: str, i: int, c: int, count: int) -> Shapes:
    shapes = conv(f"{name}.main.0", i, c)
    for index in range(count):
        shapes |= conv(f"{name}.main.2.{index}.conv1", c, c)
        shapes |= conv(f"{name}.main.2.{index}.conv2", c, c)
    return shapes


def ttvsr(blocks: int) -> Shapes:
    shapes = {"spynet.mean": (1, 3, 1, 1), "spynet.std": (1, 3, 1, 1)}
    for level in range(6):
        for i, (a, b) in enumerate([(8, 32), (32, 64), (64, 32), (32, 16), (16, 2)]):
            shapes |= conv(f"spynet.basic_module.{level}.basic_module.{i}.conv", a, b, 7)
    shapes |= residual_blocks("feat_extractor", 3, 64, 5) | conv("LTAM.fusion", 192, 64)
    shapes |= residual_blocks("resblocks", 128, 64, blocks) | conv("fusion", 192, 64, 1)
    for i in (1, 2):
        shapes |= conv(f"upsample{i}.upsample_conv", 64, 256)
    return shapes | conv("conv_hr", 64, 64) | conv("conv_last", 64, 3)


def ftvsr_plain(blocks: int) -> Shapes:
    """FTVSR as its file holds it, less the transform, the projections cut into three."""
    shapes = ttvsr(blocks) | conv("FTT.conv_layer1", 192, 512, 1)
    shapes |= residual_blocks("FTT.feat_extractor", 512, 512, 3)
    shapes |= residual_blocks("FTT.resblocks", 1024, 512, 3)
    shapes |= conv("FTT.fusion.0", 1536, 512, 1) | conv("FTT.fusion.2", 512, 512, 1)
    attention = "FTT.ftta.MultiheadAttention"
    linear = [f"{attention}.out_proj", *(f"{attention}.in_proj.{i}" for i in range(3))]
    linear += [f"FTT.ftta.{name}" for name in ("layer_q", "layer_k", "layer_v")]
    for name in (*linear, "FTT.ftta.linear1", "FTT.ftta.linear2"):
        shapes |= {f"{name}.weight": (512, 512), f"{name}.bias": (512,)}
    for name in ("FTT.ftta.norm1", "FTT.ftta.norm2"):
        shapes |= {f"{name}.weight": (512,), f"{name}.bias": (512,)}
    return shapes | conv("FTT.conv_layer2", 512, 192, 1)


RELEASES: dict[str, tuple[Callable[[], nn.Module], Shapes]] = {
    "stdf-r3": (lambda: STDFNet(**STDF_VARIANTS["R3"]), stdf(3, 32, 48, 8)),
    "stdf-r1": (lambda: STDFNet(**STDF_VARIANTS["R1"]), stdf(1, 32, 48, 8)),
    "stdf-r3l": (lambda: STDFNet(**STDF_VARIANTS["R3L"]), stdf(3, 64, 64, 16)),
    "rfda": (RFDANet, rfda()),
    "cf-stif": (CFSTIFNet, cf_stif()),
    "tgaf": (TGAFNet, tgaf(3)),
    "tgaf-1": (lambda: TGAFNet(1), tgaf(1)),
    "ttvsr": (lambda: FTVSRNet(band_channels=0), ttvsr(60)),
    "ftvsr": (lambda: FTVSRNet(num_blocks=2), ftvsr_plain(2)),
}
each = pytest.mark.parametrize("name", RELEASES)


def state(name: str) -> dict[str, torch.Tensor]:
    """Every tensor filled with a number of its own."""
    return {
        key: torch.full(shape, float(i)) for i, (key, shape) in enumerate(RELEASES[name][1].items())
    }


def from_released(net: nn.Module, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return fit(net, given, "the file", "network")


@each
def test_all_are_renamed_and_none_twice(name):
    net, given = RELEASES[name][0](), state(name)
    renamed = from_released(net, given)
    net.load_state_dict(renamed, strict=True)
    numbers = sorted(value.flatten()[0].item() for value in renamed.values())
    assert numbers == list(range(len(given)))


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("stdf-r3", "ffnet.up_conv2.0.weight", "fusion.unet.up.0.0.weight"),  # runs first
        ("stdf-r3", "ffnet.dn_conv2.2.bias", "fusion.unet.down.1.2.bias"),
        ("stdf-r3", "qenet.hid_conv.10.weight", "enhance.12.weight"),
        ("rfda", "wpnet.deform_conv.weight", "recall.block.deform.weight"),
        ("rfda", "qenet.hid_conv.17.mask2.bias", "enhance.19.coarse_field.2.bias"),
        ("cf-stif", "mlrd.rse3_2.conv1.weight", "pyramid.up_quarter.0.conv1.weight"),
        ("cf-stif", "qe.DS_net3.conv5_1.weight", "enhance.blocks.2.convs.1.weight"),
        ("tgaf", "deform_block_5.deform_conv.weight", "intra_gfa.blocks.2.deform.weight"),
        ("tgaf", "qenet.hid_conv.8.tail.weight", "fe.12.tail.weight"),
        ("ttvsr", "resblocks.main.2.59.conv2.bias", "body.trunk.61.conv2.bias"),
        ("ttvsr", "upsample2.upsample_conv.weight", "body.upsample.3.weight"),
        ("ftvsr", "FTT.resblocks.main.0.weight", "frequency.trunk.0.weight"),
        ("ftvsr", "FTT.ftta.linear2.bias", "frequency.attention.last.bias"),
        ("ftvsr", "FTT.conv_layer2.weight", "frequency.fusion.3.weight"),
    ],
)
def test_names(name, theirs, ours):
    given = state(name)
    assert torch.equal(from_released(RELEASES[name][0](), given)[ours], given[theirs])


def test_parallel_training_put_a_prefix_before(tmp_path):
    net, given = STDFNet(), state("stdf-r3")
    file = tmp_path / "ckp_290000.pt"
    torch.save({"state_dict": {f"module.{key}": value for key, value in given.items()}}, file)
    load_part(net, file, "network")
    assert torch.equal(net.enhance[-1].weight, given["qenet.out_conv.weight"])


def test_a_mismatch_is_listed_under_the_released_names(tmp_path):
    given = state("stdf-r3")
    del given["ffnet.out_conv.0.bias"]
    given["stranger.weight"] = torch.zeros(1)
    given["qenet.out_conv.weight"] = torch.zeros(3, 48, 3, 3)
    file = tmp_path / "wrong.pt"
    torch.save(given, file)
    net = STDFNet()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(
        ValueError, match="wrong.pt does not contain the weights of this STDFNet"
    ) as e:
        load_part(net, file, "network")
    assert (
        "missing ffnet.out_conv.0.bias; unexpected stranger.weight; qenet.out_conv.weight is"
        in (str(e.value))
    )
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_the_printed_reading_has_no_release():
    with pytest.raises(ValueError, match="does not contain the weights of this TGAFNet: missing"):
        from_released(TGAFNet(as_printed=True), state("tgaf"))


def test_a_network_without_a_release_keeps_its_own_names():
    with pytest.raises(ValueError, match="does not contain the weights of this network: missing"):
        from_released(DCADNet(), state("stdf-r3"))


def test_inside_an_adapter():
    net, given = FramesAsBatch(STDFNet(), spec=STDFNet.spec), state("stdf-r3")
    net.load_state_dict(from_released(net, given), strict=True)
    assert torch.equal(net.net.enhance[-1].weight, given["qenet.out_conv.weight"])


def ftvsr_file() -> dict[str, torch.Tensor]:
    """FTVSR as its training on MMEditing writes it."""
    given = state("ftvsr")
    for tensor in ("weight", "bias"):
        name = "FTT.ftta.MultiheadAttention.in_proj"
        given[f"{name}_{tensor}"] = torch.cat([given.pop(f"{name}.{i}.{tensor}") for i in range(3)])
    rows = [
        [math.cos(math.pi * k * (i + 0.5) / 8) * math.sqrt((2 if k else 1) / 8) for i in range(8)]
        for k in range(8)
    ]
    rows = torch.tensor(rows)
    transform = torch.einsum("ui,vj->uvij", rows, rows).reshape(64, 1, 8, 8).repeat(3, 1, 1, 1)
    given["FTT.dct.dct_conv.weight"] = given["FTT.rdct.reverse_dct_conv.weight"] = transform
    given = {f"generator.{key}": value for key, value in given.items()}
    return given | {"step_counter": torch.zeros(1)}


def test_the_file_of_ftvsr_holds_a_transform_and_one_projection():
    net, given = RELEASES["ftvsr"][0](), ftvsr_file()
    with pytest.warns(UserWarning, match="FTVSR need doubled_skip=True, which is set here"):
        net.load_state_dict(from_released(net, given))
    assert net.doubled_skip
    whole = given["generator.FTT.ftta.MultiheadAttention.in_proj_weight"]
    parts = torch.cat([part.weight for part in net.frequency.attention.in_projection])
    assert torch.equal(parts, whole)
    given["generator.FTT.dct.dct_conv.weight"] = torch.zeros(192, 1, 8, 8)
    with pytest.raises(ValueError, match="the file: FTT.dct.dct_conv.weight is not the 8 x 8 DCT"):
        from_released(net, given)


def test_ftvsr_for_ttvsr_lists_what_is_too_much():
    with pytest.raises(ValueError, match="unexpected FTT.conv_layer1.weight"):
        from_released(FTVSRNet(num_blocks=2, band_channels=0), ftvsr_file())
