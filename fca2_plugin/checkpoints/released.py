"""Weights that the authors of the networks here released, under this package's names.

The names are those of the public PyTorch implementations: STDF-PyTorch, RFDA-PyTorch, CF-STIF,
TGAF-pytorch, FTVSR and TTVSR on MMEditing, and FCA2. A table lists every module of a network under
both names; keys that are not in it, or are missing, or have another shape, are refused and listed.
Both MFQEs and COMISR were released for TensorFlow 1; no release of DCAD is known here.

FCA² comes in three forms: the autoencoder alone, with the cleaning network, and whole around a VSR
network, whose names are MMagic's.
"""

import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from fca2_plugin.ops.dct import BLOCK, block_idct

__all__ = ["released_fca2", "released_names", "released_plain"]

Names = dict[str, str]  # of modules, released to ours


def released_names(net: nn.Module) -> Names | None:
    """The released name of each tensor of ``net``; None where no release is known."""
    kind = _kind(net)
    if kind is None:
        return None
    released = {ours: theirs for theirs, ours in _TABLES[kind](net).items()}
    return {key: _rename(key, released) for key in net.state_dict()}


def released_plain(
    net: nn.Module, state: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], Callable[[], None] | None]:
    """A released file's weights alone, and what is to be set for them in the network.

    Raises:
        ValueError: The file computes something else than ``net``.
    """
    if _kind(net) != "FTVSRNet":
        return dict(state), None
    return _plain_ftvsr(state), lambda: _double_skip(net)


def released_fca2(state: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """A released FCA²'s weights under this package's names; None if it is none."""
    if not any(re.match(_FCA2_MARK, key) for key in state):
        return None
    renamed = {}
    for key, value in state.items():
        for pattern, name in _FCA2:
            key = re.sub(pattern, name, key)
        renamed[key] = value
    return renamed


_FCA2_MARK = r"(model_GAE\.)?(Encoder|Decoder)\.branch\.|image_cleaning\.|add_network\."
_OWNER = r"^((?:autoencoder\.)?"  # the autoencoder is released alone, too
_FCA2: tuple[tuple[str, str | Callable[[re.Match], str]], ...] = (
    (r"^model_GAE\.", "autoencoder."),
    (r"^add_network\.", "vsr."),
    # residual blocks are numbered from 0 there; here a convolution and its activation come first
    (r"^image_cleaning\.0\.main\.0\.", "cleaning.body.0.0."),
    (r"^image_cleaning\.0\.main\.2\.(\d+)", lambda m: f"cleaning.body.0.{int(m[1]) + 2}"),
    (r"^image_cleaning\.1\.", "cleaning.body.1."),
    (_OWNER + r"flow_net\.)main\.0\.", r"\g<1>0."),
    (_OWNER + r"flow_net\.)main\.2\.(\d+)", lambda m: f"{m[1]}{int(m[2]) + 2}"),
    (_OWNER + r")Encoder\.", r"\1encoder."),
    (_OWNER + r")Decoder\.", r"\1decoder."),
    (_OWNER + r"(?:encoder|decoder)\.)branch\.", r"\1"),
    (_OWNER + r"(?:encoder|decoder)\.)final\.", r"\1tail."),
    (_OWNER + r")final\.", r"\1trunk.tail."),
    (r"(?<=\.)body\.net\.(\d+)\.spa\.body\.", r"blocks.\1.spatial."),
    (r"(?<=\.)body\.net\.(\d+)\.spc\.body\.", r"blocks.\1.spectral."),
    (r"(?<=\.spectral\.3\.)conv_du\.", "weigh."),
)


def _kind(net: Any) -> str | None:
    """The class that a table is for; by name, since networks stand above this module."""
    return next((cls.__name__ for cls in type(net).__mro__ if cls.__name__ in _TABLES), None)


def _rename(key: str, names: Names) -> str:
    """Under the new name of its module; what has none keeps its own, and is then reported."""
    module, _, tensor = key.rpartition(".")
    return f"{names.get(module, module)}.{tensor}"


def _inside(old: str, new: str, names: Mapping[str, str]) -> Names:
    return {f"{old}.{one}": f"{new}.{other}" for one, other in names.items()}


def _same(*names: object) -> Names:
    return {str(name): str(name) for name in names}


def _unet(unet: Any) -> Names:
    """Stages are numbered by their level on both ways; ours run in the order they are stored."""
    names = _inside("tr_conv", "bottom", _same(0, 2, 4)) | {"out_conv.0": "tail.0"}
    levels = len(unet.down)
    for level in range(1, levels + 1):
        names |= _inside(f"dn_conv{level}", f"down.{level - 1}", _same(0, 2))
        names |= _inside(f"up_conv{level}", f"up.{levels - level}", _same(0, 2))
    return names | ({"in_conv.0": "head.0"} if len(unet.head) else {})


_BLOCK = {"offset_mask": "field", "deform_conv": "deform"}


def _fusion(old: str, new: str, unet: Any) -> Names:
    return _inside(old, f"{new}.unet", _unet(unet)) | _inside(old, f"{new}.block", _BLOCK)


def _stdf(net: Any) -> Names:
    names = _fusion("ffnet", "fusion", net.fusion.unet) | {"qenet.in_conv.0": "enhance.0"}
    last = len(net.enhance) - 1
    names |= {f"qenet.hid_conv.{i}": f"enhance.{i + 2}" for i in range(0, last - 2, 2)}
    return names | {"qenet.out_conv": f"enhance.{last}"}


def _rfda(net: Any) -> Names:
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


def _cf_stif(net: Any) -> Names:
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


def _tgafnet(net: Any) -> Names:
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


def _ftvsr(net: Any) -> Names:
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


def _blocks(blocks: Any) -> Names:
    names = {"main.0": "0"}
    for i in range(len(blocks) - 2):
        names |= _inside(f"main.2.{i}", f"{i + 2}", _same("conv1", "conv2"))
    return names


def _plain_ftvsr(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
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
                    f"{key} is not the 8 x 8 DCT of three channels, the only transform that "
                    "FTVSRNet has; nothing is loaded"
                )
        elif ".in_proj_" in key:
            module, _, tensor = key.rpartition("_")
            for i, part in enumerate(value.chunk(3)):
                plain[f"{module}.{i}.{tensor}"] = part
        else:
            plain[key] = value
    return plain


def _double_skip(net: Any) -> None:
    """FTVSR's released weights expect the body's result twice; TTVSR has no second path."""
    if net.frequency is not None and not net.doubled_skip:
        net.doubled_skip = True
        warnings.warn(
            "the released weights of FTVSR need doubled_skip=True, which is set here; add it to "
            "your config too, because checkpoints that you train from them do not record it",
            stacklevel=5,
        )


_TABLES: dict[str, Callable[[nn.Module], Names]] = {
    "STDFNet": _stdf,
    "RFDANet": _rfda,
    "CFSTIFNet": _cf_stif,
    "TGAFNet": _tgafnet,
    "FTVSRNet": _ftvsr,
}
