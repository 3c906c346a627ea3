"""Weights that the authors of the networks here released, under this package's names.

The names are those of the public PyTorch implementations: STDF-PyTorch, RFDA-PyTorch, CF-STIF,
TGAF-pytorch, FTVSR and TTVSR on MMEditing, and FCA2. Rules turn the names of a network here into
the released ones, and those of a released FCA2 into ours; keys that then differ, or are missing, or
have another shape, are refused and listed. Both MFQEs and COMISR were released for TensorFlow 1; no
release of DCAD is known here.

FCA² comes in three forms: the autoencoder alone, with the cleaning network, and whole around a VSR
network, whose names are MMagic's.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from fca2_plugin.ops.dct import BLOCK, block_idct

__all__ = ["released_fca2", "released_names", "released_plain"]

#: A pattern, and what takes its place.
Rule = tuple[str, str | Callable[[re.Match], str]]


def released_names(net: nn.Module) -> dict[str, str] | None:
    """The released name of each tensor of ``net``; None where no release is known."""
    kind = _kind(net)
    if kind is None:
        return None
    rules = _RULES[kind]
    tail = _TAILS.get(kind)
    if tail is not None:  # its last layer, whose number depends on the depth
        last = len(getattr(net, tail)) - 1
        rules = ((rf"^{tail}\.{last}\.", "qenet.out_conv."), *rules)
    return {key: _renamed(key, rules) for key in net.state_dict()}


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
    return {_renamed(key, _FCA2): value for key, value in state.items()}


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


def _kind(net: Any) -> str | None:
    """The class that rules are for; by name, since networks stand above this module."""
    return next((cls.__name__ for cls in type(net).__mro__ if cls.__name__ in _RULES), None)


def _renamed(key: str, rules: Iterable[Rule]) -> str:
    for pattern, name in rules:
        key = re.sub(pattern, name, key)
    return key


def _numbered(name: str, shift: int) -> Callable[[re.Match], str]:
    """``name`` and the number that was found, which counts from elsewhere there."""
    return lambda match: f"{name}{int(match[1]) + shift}."


def _within(place: str, names: Mapping[str, str]) -> tuple[Rule, ...]:
    """Names of what lies in ``place``, a pattern; ours to the released ones."""
    return tuple((rf"^({place}){re.escape(o)}\.", rf"\g<1>{name}.") for o, name in names.items())


_FCA2_MARK = r"(model_GAE\.)?(Encoder|Decoder)\.branch\.|image_cleaning\.|add_network\."
_OWNER = r"^((?:autoencoder\.)?"  # the autoencoder is released alone, too
_FCA2: tuple[Rule, ...] = (
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
_UNET: tuple[Rule, ...] = (
    (r"\bunet\.head\.", "in_conv."),
    (r"\bunet\.bottom\.", "tr_conv."),
    (r"\bunet\.tail\.", "out_conv."),
    (r"\bunet\.down\.(\d+)\.", _numbered("dn_conv", 1)),
    # numbered by their level on both ways; ours run in the order they are stored
    (r"\bunet\.up\.0\.", "up_conv2."),
    (r"\bunet\.up\.1\.", "up_conv1."),
)
_BLOCK: tuple[Rule, ...] = (
    (r"\bblock\.field\.", "offset_mask."),
    (r"\bblock\.deform\.", "deform_conv."),
)
_ENHANCE: tuple[Rule, ...] = (
    (r"^enhance\.0\.", "qenet.in_conv.0."),
    (r"^enhance\.(\d+)\.", _numbered("qenet.hid_conv.", -2)),
)
_STDF = (*_UNET, *_BLOCK, (r"^fusion\.", "ffnet."), *_ENHANCE)
_RFDA_ATTENTION = {
    "squeeze": "conv1",
    "shrink": "conv2",
    "context.0": "conv_max",
    "context.2": "conv3",
    "context.4": "conv3_",
    "field": "mask",
    "coarse_field.0": "down_conv2.0",
    "coarse_field.2": "mask2",
    "deform": "dcn",
    "skip": "conv_f",
    "pixels": "conv4",
    "channels.0": "conv_du.0",
    "channels.2": "conv_du.2",
}
_RFDA = (
    *_STDF,
    (r"^recall\.", "wpnet."),
    (r"^merge\.", "fuse."),
    *_within(r"qenet\.hid_conv\.\d+\.", _RFDA_ATTENTION),
)
_PYRAMID = {
    "half_from_quarter": "trans_conv3",
    "full_from_half": "trans_conv2",
    "merge.0": "conv_add",
    "to_half": "down_conv1",
    "to_quarter.0": "down_conv2",
    "to_quarter.1": "down_conv3",
    "at_full": "rse1",
    "at_half": "rse2_1",
    "at_quarter": "rse3_1",
    "up_half.0": "rse2_2",
    "up_half.1": "up_conv1",
    "up_quarter.0": "rse3_2",
    "up_quarter.1": "up_conv2",
    "up_quarter.3": "up_conv3",
}
_CF_STIF: tuple[Rule, ...] = (
    (r"^squeeze\.0\.", "mlrd.conv_cat1."),
    (r"^over_time\.", "mlrd.conv_first."),
    (r"^block\.", "mlrd.block."),
    *_BLOCK,
    *_within(r"pyramid\.", _PYRAMID),
    (r"\b(down|up)_conv(\d)\.2\.", r"\1_conv\2.conv1."),
    (r"\bdown_conv(\d)\.0\.", r"down_conv\1.d_conv."),
    (r"\bup_conv(\d)\.0\.", r"up_conv\1.up_conv."),
    (r"^pyramid\.", "mlrd."),
    (r"^enhance\.blocks\.(\d+)\.", _numbered("qe.DS_net", 1)),
    *_within(r"qe\.DS_net\d\.", {f"convs.{i}": f"conv{2 * i + 3}_1" for i in range(3)}),
    (r"^(enhance|qe\.DS_net\d)\.merge\.", r"\1.conv_c."),
    *_within(r"enhance\.", {"head": "conv_first", "tail.0": "conv", "tail.2": "conv_last"}),
    (r"^enhance\.", "qe."),
)
_TGAF: tuple[Rule, ...] = (
    (r"^intra_gfa\.head\.", "inputconv."),
    (r"^intra_gfa\.unet\.", "Unet.unet."),
    *_UNET,
    # kernels of 1, 3 and 5
    (r"^intra_gfa\.blocks\.(\d)\.", lambda m: f"deform_block_{2 * int(m[1]) + 1}.block."),
    (r"^inter_gff\.block\.", "wpnet.block."),
    *_BLOCK,
    (r"^inter_gff\.fuse\.0\.", "fuse."),
    (r"^inter_gff\.head\.", "wpnet.in_conv."),
    (r"^inter_gff\.rcab\.3\.weigh\.", "RCAB.body.3.conv_du."),
    (r"^inter_gff\.rcab\.", "RCAB.body."),
    (r"^fe\.([02])\.", r"qenet.in_conv.\1."),
    (r"^fe\.(\d+)\.", _numbered("qenet.hid_conv.", -4)),
    (r"\bcontexts\.0\.mask\.", "gcnet.conv_mask."),
    (r"\bcontexts\.0\.transform\.", "gcnet.channel_add_conv."),
)
_FREQUENCY_ATTENTION = {
    "to_query": "layer_q",
    "to_key": "layer_k",
    "to_value": "layer_v",
    "in_projection": "MultiheadAttention.in_proj",
    "out_projection": "MultiheadAttention.out_proj",
    "mix": "linear1",
    "last": "linear2",
}
_FTVSR: tuple[Rule, ...] = (  # and TTVSR, which has no frequency
    (r"^body\.attention\.", "LTAM."),
    (r"^body\.fusion\.", "fusion."),
    (r"^body\.upsample\.0\.", "upsample1.upsample_conv."),
    (r"^body\.upsample\.3\.", "upsample2.upsample_conv."),
    (r"^body\.upsample\.6\.", "conv_hr."),
    (r"^body\.upsample\.8\.", "conv_last."),
    (r"^frequency\.embed\.", "FTT.conv_layer1."),
    (r"^frequency\.fusion\.3\.", "FTT.conv_layer2."),
    *_within(r"frequency\.attention\.", _FREQUENCY_ATTENTION),
    (r"^frequency\.attention\.", "FTT.ftta."),
    (r"^frequency\.", "FTT."),
    (r"^(?:body\.|(FTT\.))extract\.", r"\1feat_extractor."),
    (r"^(?:body\.|(FTT\.))trunk\.", r"\1resblocks."),
    (r"(feat_extractor|resblocks)\.0\.", r"\1.main.0."),
    (r"(feat_extractor|resblocks)\.(\d+)\.", lambda m: f"{m[1]}.main.2.{int(m[2]) - 2}."),
)
_RULES: dict[str, tuple[Rule, ...]] = {
    "STDFNet": _STDF,
    "RFDANet": _RFDA,
    "CFSTIFNet": _CF_STIF,
    "TGAFNet": _TGAF,
    "FTVSRNet": _FTVSR,
}
_TAILS = {"STDFNet": "enhance", "RFDANet": "enhance", "TGAFNet": "fe"}
