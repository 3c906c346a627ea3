"""Names of the same weights in MMagic and in BasicSR, as data and pure functions on dicts.

A ``KeyMap`` lists a network's modules under both hosts' names; ``*`` stands for one part of a
name. Every module has to be listed, those named alike, too: what is not listed is not known, and
is refused rather than passed on. The parts of FCA² have the same names on both hosts, so that only
the network inside is translated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fca2_plugin._suggest import check_choice

__all__ = ["HOSTS", "KEY_MAPS", "KeyMap", "Translation", "translate"]

HOSTS = ("mmagic", "basicsr")
_PARTS = ("cleaning", "autoencoder")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeyMap:
    """One network on both hosts.

    Args:
        network: Its name in the literature.
        pairs: MMagic's and BasicSR's name of each module or tensor.
        optional: Those that only some settings of the network have.
        constants: Tensors that BasicSR keeps with the weights and MMagic does not.
        on_clips: It maps clips to clips, in MMagic's ``BasicVSR`` model.
        is_part: It is loaded as a part of other networks, not as a model's generator.
        note: What must be set so that both hosts compute the same.
        differs: Why they never do.
    """

    network: str
    pairs: Pairs
    optional: Pairs = ()
    constants: tuple[tuple[str, tuple[float, ...]], ...] = ()
    on_clips: bool = False
    is_part: bool = False
    note: str = ""
    differs: str = ""

    def rename(self, keys: Iterable[str], to: str) -> tuple[dict[str, str], list[str], list[str]]:
        """New names of ``keys``, the keys that are not known, and the modules that are missing."""
        source = HOSTS.index(to) ^ 1
        names, unknown, seen = {}, [], set()
        rules = [(pair[source], pair[source ^ 1]) for pair in self.pairs + self.optional]
        dropped = dict(self.constants) if to == "mmagic" else {}
        for key in keys:
            if key in dropped:
                continue
            for old, new in rules:
                renamed = _rename(key, old, new)
                if renamed is not None:
                    names[key] = renamed
                    seen.add(old)
                    break
            else:
                unknown.append(key)
        missing = [pair[source] for pair in self.pairs if pair[source] not in seen]
        return names, unknown, missing


@dataclass(frozen=True)
class Translation:
    """Weights under the other host's names.

    Args:
        state: The weights.
        key_map: The map of the network; None when there are only parts of FCA².
        parts: Parts of FCA² beside the network.
        prefix: What stood before the network's names: ``vsr.``, ``vsr.net.``, ``net.`` or nothing.
    """

    state: dict[str, Tensor]
    key_map: KeyMap | None
    parts: tuple[str, ...]
    prefix: str

    @property
    def description(self) -> str:
        """What the weights belong to, in words."""
        network = self.key_map.network if self.key_map else ""
        if not (self.parts or self.prefix.startswith("vsr.")):
            return network
        parts = f"FCA2Net ({', '.join(self.parts)})" if self.parts else "FCA2Net"
        return f"{parts} around {network}" if network else parts


def translate(state: Mapping[str, Tensor], to: str) -> Translation:
    """Rename the weights of a network, or of FCA² around one, for the other host.

    Args:
        state: Weights as the source host names them, without its model's prefix.
        to: ``mmagic`` or ``basicsr``.

    Raises:
        ValueError: Both hosts do not have the network, or keys are unknown or missing; the message
            lists them.
    """
    check_choice("host", to, HOSTS)
    parts = tuple(part for part in _PARTS if any(key.startswith(f"{part}.") for key in state))
    own = {key: value for key, value in state.items() if key.split(".")[0] in parts}
    rest = [key for key in state if key not in own]
    if not rest and own:
        return Translation(own, None, parts, "")
    prefix = "vsr." if parts or all(key.startswith("vsr.") for key in rest) else ""
    if all(key.startswith(f"{prefix}net.") for key in rest):
        prefix += "net."
    strangers = [key for key in rest if not key.startswith(prefix)]
    if strangers:
        raise ValueError(
            f"beside the parts of FCA² there are unknown keys {_shown(strangers)}; expected "
            "cleaning, autoencoder and vsr only"
        )
    names = [key[len(prefix) :] for key in rest]
    key_map, renamed = _recognize(names, to)
    network = {new: state[prefix + old] for old, new in renamed.items()}
    for name, values in key_map.constants:
        constant = torch.tensor(values).view(1, -1, 1, 1)
        if to == "basicsr":
            network[name] = constant
        elif not torch.equal(state.get(prefix + name, constant).cpu(), constant):
            raise ValueError(
                f"{prefix}{name} of this {key_map.network} is not {list(values)}, which MMagic's "
                "data are normalised with; nothing is converted"
            )
    state = {**own, **{prefix + key: value for key, value in network.items()}}
    return Translation(state, key_map, parts, prefix)


def _recognize(keys: list[str], to: str) -> tuple[KeyMap, dict[str, str]]:
    tries = [(key_map, *key_map.rename(keys, to)) for key_map in KEY_MAPS]
    for key_map, names, unknown, missing in tries:
        if not unknown and not missing:
            if key_map.differs:
                raise ValueError(
                    f"{key_map.network} cannot be converted: {key_map.differs}; train it on the "
                    "host where it is used"
                )
            return key_map, names
    other = HOSTS[HOSTS.index(to) ^ 1]
    for key_map in KEY_MAPS:
        _, unknown, missing = key_map.rename(keys, other)
        if not unknown and not missing:
            raise ValueError(
                f"the weights of {key_map.network} have the names of {to} already; "
                f"choose --to {other}, or use the file as it is"
            )
    nearest, names, unknown, missing = max(tries, key=lambda found: len(found[1]) - len(found[3]))
    if len(names) <= len(unknown):
        known = ", ".join(key_map.network for key_map in KEY_MAPS if not key_map.differs)
        raise ValueError(
            f"the keys belong to no network that both hosts have, such as {_shown(keys)}; "
            f"expected {known}, or FCA² around one"
        )
    problems = [f"unknown {_shown(unknown)}"] * bool(unknown)
    problems += [f"missing {_shown(missing)}"] * bool(missing)
    raise ValueError(
        f"the keys resemble {nearest.network} but do not match: {'; '.join(problems)}; nothing is "
        "converted"
    )


def _rename(key: str, old: str, new: str) -> str | None:
    parts, pattern = key.split("."), old.split(".")
    if len(parts) < len(pattern):
        return None
    filled = []
    for part, wanted in zip(parts, pattern, strict=False):
        if wanted == "*":
            filled.append(part)
        elif part != wanted:
            return None
    stars = iter(filled)
    renamed = [next(stars) if part == "*" else part for part in new.split(".")]
    return ".".join([*renamed, *parts[len(pattern) :]])


def _shown(keys: list[str], limit: int = 6) -> str:
    more = f" and {len(keys) - limit} more" if len(keys) > limit else ""
    return ", ".join(keys[:limit]) + more


def _alike(*names: str) -> Pairs:
    return tuple((name, name) for name in names)


def _inside(prefix: str, pairs: Pairs) -> Pairs:
    return tuple((f"{prefix}.{one}", f"{prefix}.{other}") for one, other in pairs)


_STATISTICS = _alike("mean", "std")
# In MMagic a convolution and its activation are one module.
_SPYNET = tuple(
    (f"basic_module.*.basic_module.{i}.conv", f"basic_module.*.basic_module.{2 * i}")
    for i in range(5)
)
_TOF_SPYNET = tuple(
    (f"basic_module.*.basic_module.{i}.{name}", f"basic_module.*.basic_module.{3 * i + shift}")
    for i in range(5)
    for shift, name in enumerate(("conv", "bn"))
    if (i, name) != (4, "bn")
)
_UPSAMPLE = (
    ("upsample1.upsample_conv", "upconv1"),
    ("upsample2.upsample_conv", "upconv2"),
    *_alike("conv_hr", "conv_last"),
)
_TRUNKS = (
    ("backward_resblocks", "backward_trunk"),
    ("forward_resblocks", "forward_trunk"),
)
_EDVR_FEATURES = (
    *_alike("conv_first", "feature_extraction"),
    *((f"feat_l{level}_conv{i}.conv", f"conv_l{level}_{i}") for level in (2, 3) for i in (1, 2)),
    *(
        (f"pcd_alignment.{name}.*.conv", f"pcd_align.{name}.*")
        for name in ("offset_conv1", "offset_conv2", "offset_conv3", "feat_conv")
    ),
    *((f"pcd_alignment.cas_offset_conv{i}.conv", f"pcd_align.cas_offset_conv{i}") for i in (1, 2)),
    ("pcd_alignment.dcn_pack", "pcd_align.dcn_pack"),
    ("pcd_alignment.cas_dcnpack", "pcd_align.cas_dcnpack"),
)
_ATTENTION = ("attn1", "attn2", "attn3", "attn4", "attn_l1", "attn_l2", "attn_l3", "attn_add1")
# With its temporal and spatial attention, or one convolution instead.
_EDVR_FUSION = (
    ("fusion.feat_fusion.conv", "fusion.feat_fusion"),
    *((f"fusion.spatial_{name}.conv", f"fusion.spatial_{name}") for name in _ATTENTION),
    *_alike("fusion.temporal_attn1", "fusion.temporal_attn2"),
    *_alike("fusion.spatial_attn5", "fusion.spatial_attn_add2"),
    *_alike("fusion.weight", "fusion.bias"),
)

#: The networks that both hosts have.
KEY_MAPS = (
    KeyMap(
        "BasicVSR",
        (*_inside("spynet", _SPYNET + _STATISTICS), *_TRUNKS, *_UPSAMPLE, *_alike("fusion")),
        on_clips=True,
    ),
    KeyMap(
        "BasicVSR++",
        (
            *_inside("spynet", _SPYNET + _STATISTICS),
            *_alike("feat_extract", "deform_align", "backbone", "reconstruction"),
            *_UPSAMPLE,
        ),
        on_clips=True,
    ),
    KeyMap(
        "IconVSR",
        (
            *_inside("spynet", _SPYNET + _STATISTICS),
            *_inside("edvr", _EDVR_FEATURES),
            *_alike("backward_fusion", "forward_fusion"),
            *_TRUNKS,
            *_UPSAMPLE,
        ),
        optional=_inside("edvr", _EDVR_FUSION),
        on_clips=True,
    ),
    KeyMap("EDVR", (*_EDVR_FEATURES, *_alike("reconstruction"), *_UPSAMPLE), _EDVR_FUSION),
    KeyMap("EDVR's features (of IconVSR)", _EDVR_FEATURES, _EDVR_FUSION, is_part=True),
    KeyMap(
        "TOFlow",
        (*_inside("spynet", _TOF_SPYNET), *((f"conv{i}", f"conv_{i}") for i in range(1, 5))),
        constants=(("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))),
        note="MMagic's TOFlow takes frames that are normalised with the mean and std that "
        "BasicSR's has inside",
    ),
    KeyMap("SPyNet", _SPYNET, _STATISTICS, is_part=True),
    KeyMap(
        "RRDB",
        _alike(
            *("conv_first", "body.*.rdb1", "body.*.rdb2", "body.*.rdb3", "conv_body"),
            *("conv_up1", "conv_up2", "conv_hr", "conv_last"),
        ),
    ),
    KeyMap(
        "EDSR",
        (
            *_alike("conv_first", "body", "conv_after_body", "conv_last"),
            ("upsample.0.upsample_conv", "upsample.0"),
        ),
        optional=tuple((f"upsample.{i}.upsample_conv", f"upsample.{2 * i}") for i in (1, 2)),
        note="MMagic's rgb_std is 1 / BasicSR's img_range, which is 255 unless it is set",
    ),
    KeyMap(
        "SRResNet",
        (
            ("trunk_net", "body"),
            ("upsample1.upsample_conv", "upconv1"),
            *_alike("conv_first", "conv_hr", "conv_last"),
        ),
        optional=(("upsample2.upsample_conv", "upconv2"),),
        differs="BasicSR's has an activation after each enlargement and MMagic's has none",
    ),
    KeyMap(
        "SwinIR",
        _alike("conv_first", "patch_embed", "layers", "norm", "conv_after_body"),
        optional=_alike(
            *("absolute_pos_embed", "conv_before_upsample", "upsample"),
            *("conv_up1", "conv_up2", "conv_hr", "conv_last"),
        ),
    ),
)
