"""Networks by their names on the command line, with the papers' settings or tiny ones for trials.

The hosts' adapters add their own VSR networks (``mmagic.zoo``, ``basicsr.zoo``).
"""

from collections.abc import Mapping

from torch import nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.nets import NETS

__all__ = ["ENHANCERS", "build_enhancer", "complete"]

#: Our own VSR networks, as written in a host's config. No weights: those are the user's to name.
_VSR_NETS: Mapping[str, Mapping] = {
    "basicvsr-host-free": dict(type="FCA2BasicVSRNet", mid_channels=64, num_blocks=30),
    "comisr": dict(type="FCA2COMISRNet", mid_channels=64, num_blocks=10),
    "ftvsr": dict(type="FCA2FTVSRNet", mid_channels=64, num_blocks=60, keyframe_stride=3),
    "compact-vsr": dict(type="FCA2CompactVSRNet"),
    "compact-sr": dict(type="FCA2CompactSRNet"),
}
_TINY: Mapping[str, Mapping] = {
    "basicvsr-host-free": dict(mid_channels=8, num_blocks=1),
    "comisr": dict(mid_channels=8, num_blocks=1, flow_channels=4),
    "ftvsr": dict(mid_channels=8, num_blocks=1, band_channels=1, num_band_blocks=1),
    "compact-vsr": dict(mid_channels=8, num_blocks=1),
    "compact-sr": dict(mid_channels=8, num_convs=1),
}

#: VSR networks that the papers' tables have with STDF in front.
_BEHIND_STDF = ("basicvsr", "basicvsr-pp", "ftvsr")
_STDF = dict(type="FCA2STDFNet", radius=3, in_channels=3, mid_channels=64)
_TINY_STDF = dict(
    type="FCA2STDFNet", radius=1, in_channels=3, mid_channels=4, qe_channels=4, num_layers=2
)

#: Enhancement networks, as written in a host's config.
ENHANCERS: Mapping[str, Mapping] = {
    "dcad": dict(type="FCA2DCADNet"),
    "mfqe": dict(type="FCA2MFQENet"),
    "mfqe2": dict(type="FCA2MFQE2PairNet"),
    "stdf-r3": dict(type="FCA2STDFNet", radius=3),
    "stdf-r3l": dict(type="FCA2STDFNet", radius=3, mid_channels=64, qe_channels=64, num_layers=16),
    "rfda": dict(type="FCA2RFDANet", radius=3),
    "cf-stif": dict(type="FCA2CFSTIFNet", radius=3),
    "tgafnet-1sdcb": dict(type="FCA2TGAFNet", num_sdcbs=1),
    "tgafnet-2sdcb": dict(type="FCA2TGAFNet", num_sdcbs=2),
    "tgafnet": dict(type="FCA2TGAFNet", num_sdcbs=3),
    "tgafnet-as-printed": dict(type="FCA2TGAFNet", num_sdcbs=3, as_printed=True),
}


def complete(
    nets: Mapping[str, Mapping], tiny: Mapping[str, Mapping]
) -> tuple[dict[str, Mapping], dict[str, Mapping]]:
    """Add our own networks, and those with STDF in front (``stdf-basicvsr``), to a host's.

    Args:
        nets: Configs by name, as in the host's own configs.
        tiny: Changes to each config for quick trials on a CPU.

    Returns:
        Both tables with all networks.
    """
    nets, tiny = {**nets, **_VSR_NETS}, {**tiny, **_TINY}
    for name in _BEHIND_STDF:
        small = {**nets[name], **tiny[name]}
        nets[f"stdf-{name}"] = dict(type="FCA2FrontEnd", front=_STDF, vsr=nets[name])
        tiny[f"stdf-{name}"] = dict(front=_TINY_STDF, vsr=small)
    return nets, tiny


def build_enhancer(name: str) -> nn.Module:
    """Build an enhancement network for luma.

    Raises:
        ValueError: The name is unknown; the message suggests the nearest one.
    """
    settings = dict(ENHANCERS[check_choice("enhancement network", name, ENHANCERS)])
    return NETS[settings.pop("type")](**settings)
