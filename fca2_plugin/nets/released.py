"""Weights that the authors of the networks here released, under this package's names.

The names are those of the public PyTorch implementations: STDF-PyTorch, RFDA-PyTorch, CF-STIF,
TGAF-pytorch, and FTVSR and TTVSR on MMEditing. A table lists every module of a network under both
names; keys that are not in it, or are missing, or have another shape, are refused and listed. Both
MFQEs and COMISR were released for TensorFlow 1; no release of DCAD is known here.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from fca2_plugin.checkpoints import check_weights, read_state_dict
from fca2_plugin.layers.residual import ResidualBlocksWithInputConv
from fca2_plugin.layers.unet import UNet
from fca2_plugin.nets.cf_stif import CFSTIFNet
from fca2_plugin.nets.ftvsr import FTVSRNet
from fca2_plugin.nets.rfda import RFDANet
from fca2_plugin.nets.stdf import STDFNet
from fca2_plugin.nets.tgafnet import TGAFNet
from fca2_plugin.ops.dct import BLOCK, block_idct

__all__ = ["from_released", "load_released"]

Names = dict[str, str]  # of modules, released to ours


def load_released(net: nn.Module, path: str | Path) -> None:
    """Load a released file into a network; all of it or nothing.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file does not belong to ``net``, or nothing was released for it.
    """
    net.load_state_dict(from_released(net, read_state_dict(path), str(path)))


def from_released(
    net: nn.Module, state: Mapping[str, Tensor], source: str = "the state dict"
) -> dict[str, Tensor]:
    """Rename released weights for a network.

    Args:
        net: The network, built with the settings of the release.
        state: Released weights; ``module.`` or ``generator.`` of their training may stand before
            the names.
        source: What to call ``state`` when it does not fit.

    Raises:
        ValueError: A key is unknown or missing or has another shape (the message lists them), or
            nothing was released for such a network.
    """
    if type(net) not in _TABLES:
        known = ", ".join(cls.__name__ for cls in _TABLES)
        raise ValueError(
            f"no released names are known for {type(net).__name__}; expected one of {known}"
        )
    released = {ours: theirs for theirs, ours in _TABLES[type(net)](net).items()}
    ours = {_rename(key, released): key for key in net.state_dict()}
    given = {
        key.removeprefix("module.").removeprefix("generator."): value
        for key, value in state.items()
    }
    if isinstance(net, FTVSRNet):
        given = _plain_ftvsr(given, source)
    wanted = {theirs: net.state_dict()[key] for theirs, key in ours.items()}
    check_weights(wanted, given, source, type(net).__name__)
    return {ours[key]: value for key, value in given.items()}


def _rename(key: str, names: Names) -> str:
    """Under the new name of its module; what has none keeps its own, and is then reported."""
    module, _, tensor = key.rpartition(".")
    return f"{names.get(module, module)}.{tensor}"


def _inside(old: str, new: str, names: Mapping[str, str]) -> Names:
    return {f"{old}.{one}": f"{new}.{other}" for one, other in names.items()}


def _same(*names: object) -> Names:
    return {str(name): str(name) for name in names}


def _unet(unet: UNet) -> Names:
    """Stages are numbered by their level on both ways; ours run in the order they are stored."""
    names = _inside("tr_conv", "bottom", _same(0, 2, 4)) | {"out_conv.0": "tail.0"}
    levels = len(unet.down)
    for level in range(1, levels + 1):
        names |= _inside(f"dn_conv{level}", f"down.{level - 1}", _same(0, 2))
        names |= _inside(f"up_conv{level}", f"up.{levels - level}", _same(0, 2))
    return names | ({"in_conv.0": "head.0"} if len(unet.head) else {})


_BLOCK = {"offset_mask": "field", "deform_conv": "deform"}


def _fusion(old: str, new: str, unet: UNet) -> Names:
    return _inside(old, f"{new}.unet", _unet(unet)) | _inside(old, f"{new}.block", _BLOCK)


def _stdf(net: STDFNet) -> Names:
    names = _fusion("ffnet", "fusion", net.fusion.unet) | {"qenet.in_conv.0": "enhance.0"}
    last = len(net.enhance) - 1
    names |= {f"qenet.hid_conv.{i}": f"enhance.{i + 2}" for i in range(0, last - 2, 2)}
    return names | {"qenet.out_conv": f"enhance.{last}"}


def _rfda(net: RFDANet) -> Names:
    names = _fusion("ffnet", "fusion", net.fusion.unet)
    names |= _fusion("wpnet", "recall", net.recall.unet)
    names |= _inside("fuse", "merge", _same(0, 2)) | {"qenet.in_conv.0": "enhance.0"}
    last = len(net.enhance) - 1
    for i in range(0, last - 2, 3):  # convolution, ReLU, attention
        names[f"qenet.hid_conv.{i}"] = f"enhance.{i + 2}"
        names |= _inside(f"qenet.hid_conv.{i + 2}", f"enhance.{i + 4}", _ATTENTION)
    return names | {"qenet.out_conv": f"enhance.{last}"}


_ATTENTION = {
    "conv1": "squeeze",
    "conv2": "shrink",
    "conv_max": "context.0",
    "conv3": "context.2",
    "conv3_": "context.4",
    "mask": "field",
    "down_conv2.0": "coarse_field.0",
    "mask2": "coarse_field.2",
    "dcn": "deform",
    "conv_f": "skip",
    "conv4": "pixels",
    **_inside("conv_du", "channels", _same(0, 2)),
}


def _cf_stif(net: CFSTIFNet) -> Names:
    down, up = {"d_conv": "0", "conv1": "2"}, {"up_conv": "0", "conv1": "2"}
    residual = _same("conv1", "conv2")
    pyramid = {
        "trans_conv3": "half_from_quarter",
        "trans_conv2": "full_from_half",
        "conv_add": "merge.0",
        **_inside("down_conv1", "to_half", down),
        **_inside("down_conv2", "to_quarter.0", down),
        **_inside("down_conv3", "to_quarter.1", down),
        **_inside("rse1", "at_full", residual),
        **_inside("rse2_1", "at_half", residual),
        **_inside("rse3_1", "at_quarter", residual),
        **_inside("rse2_2", "up_half.0", residual),
        **_inside("up_conv1", "up_half.1", up),
        **_inside("rse3_2", "up_quarter.0", residual),
        **_inside("up_conv2", "up_quarter.1", up),
        **_inside("up_conv3", "up_quarter.3", up),
    }
    dense = {f"conv{size}_1": f"convs.{i}" for i, size in enumerate((3, 5, 7))}
    enhance = {
        "conv_first": "head",
        "conv_c": "merge",
        "conv": "tail.0",
        "conv_last": "tail.2",
    }
    for i in range(len(net.enhance.blocks)):
        enhance |= _inside(f"DS_net{i + 1}", f"blocks.{i}", dense | {"conv_c": "merge"})
    return {
        "mlrd.conv_cat1": "squeeze.0",
        **_inside("mlrd.conv_first", "over_time", _same(0, 2)),
        **_inside("mlrd", "pyramid", pyramid),
        **_inside("mlrd", "block", _BLOCK),
        **_inside("qe", "enhance", enhance),
    }


def _tgafnet(net: TGAFNet) -> Names:
    names = {"inputconv.0": "intra_gfa.head.0", "fuse.0": "inter_gff.fuse.0.0"}
    names |= _inside("Unet", "intra_gfa.unet", _unet(net.intra_gfa.unet))
    for i, block in enumerate(net.intra_gfa.blocks):
        size = block.deform.kernel_size[0]
        names |= _inside(f"deform_block_{size}", f"intra_gfa.blocks.{i}", _BLOCK)
    names |= _inside("RCAB.body", "inter_gff.rcab", _same(0, 2))
    names |= _inside("RCAB.body.3.conv_du", "inter_gff.rcab.3.weigh", _same(0, 2))
    names |= {"wpnet.in_conv.0": "inter_gff.head.0"} | _inside("wpnet", "inter_gff.block", _BLOCK)
    names |= _inside("qenet.in_conv", "fe", _same(0, 2))
    last = len(net.fe) - 1
    for i in range(0, last - 4, 3):  # convolution, LeakyReLU, SDCB
        names[f"qenet.hid_conv.{i}"] = f"fe.{i + 4}"
        names |= _inside(f"qenet.hid_conv.{i + 2}", f"fe.{i + 6}", _SDCB)
    return names | {"qenet.out_conv": f"fe.{last}"}


_SDCB = {
    "tail": "tail",
    "gcnet.conv_mask": "contexts.0.mask",
    **_inside("gcnet.channel_add_conv", "contexts.0.transform", _same(0, 2)),
}


def _ftvsr(net: FTVSRNet) -> Names:
    body, flow = net.body, net.spynet
    names = _same("spynet") | {
        f"spynet.basic_module.{level}.basic_module.{i}.conv": f"spynet.basic_module.{level}."
        f"basic_module.{i}.conv"
        for level, part in enumerate(flow.basic_module)
        for i in range(len(part.basic_module))
    }
    names |= _inside("feat_extractor", "body.extract", _blocks(body.extract))
    names |= _inside("resblocks", "body.trunk", _blocks(body.trunk))
    names |= {
        "LTAM.fusion": "body.attention.fusion",
        "fusion": "body.fusion",
        "upsample1.upsample_conv": "body.upsample.0",
        "upsample2.upsample_conv": "body.upsample.3",
        "conv_hr": "body.upsample.6",
        "conv_last": "body.upsample.8",
    }
    if net.frequency is None:  # TTVSR
        return names
    frequency = {
        "conv_layer1": "embed",
        "conv_layer2": "fusion.3",
        **_inside("fusion", "fusion", _same(0, 2)),
        **_inside("feat_extractor", "extract", _blocks(net.frequency.extract)),
        **_inside("resblocks", "trunk", _blocks(net.frequency.trunk)),
        **_inside("ftta", "attention", _FREQUENCY_ATTENTION),
    }
    return names | _inside("FTT", "frequency", frequency)


_FREQUENCY_ATTENTION = {
    "layer_q": "to_query",
    "layer_k": "to_key",
    "layer_v": "to_value",
    **_inside("MultiheadAttention.in_proj", "in_projection", _same(0, 1, 2)),
    "MultiheadAttention.out_proj": "out_projection",
    **_same("norm1", "norm2"),
    "linear1": "mix",
    "linear2": "last",
}


def _blocks(blocks: ResidualBlocksWithInputConv) -> Names:
    names = {"main.0": "0"}
    for i in range(len(blocks) - 2):
        names |= _inside(f"main.2.{i}", f"{i + 2}", _same("conv1", "conv2"))
    return names


def _plain_ftvsr(given: dict[str, Tensor], source: str) -> dict[str, Tensor]:
    """Without the training's counter and the fixed transform, and torch's three projections apart.

    Raises:
        ValueError: The transform is another than the one computed here.
    """
    plain = {}
    for key, value in given.items():
        if key == "step_counter":
            continue
        if key in ("FTT.dct.dct_conv.weight", "FTT.rdct.reverse_dct_conv.weight"):
            basis = block_idct(torch.eye(BLOCK**2)[..., None, None])  # its images
            if value.shape != (3 * len(basis), 1, BLOCK, BLOCK) or not torch.allclose(
                value.float().cpu(), basis.repeat(3, 1, 1, 1), rtol=0, atol=1e-5
            ):
                raise ValueError(
                    f"{key} of {source} is not the 8 x 8 DCT of three channels, which is all that "
                    "FTVSRNet computes; nothing is loaded"
                )
        elif ".in_proj_" in key:
            module, _, tensor = key.rpartition("_")
            for i, part in enumerate(value.chunk(3)):
                plain[f"{module}.{i}.{tensor}"] = part
        else:
            plain[key] = value
    return plain


_TABLES: dict[type[nn.Module], Callable[..., Names]] = {
    STDFNet: _stdf,
    RFDANet: _rfda,
    CFSTIFNet: _cf_stif,
    TGAFNet: _tgafnet,
    FTVSRNet: _ftvsr,
}
