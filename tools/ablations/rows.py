"""Which trainings the rows of the FCA² paper's Tables III to VII are, at a small scale.

A row that stands in several tables is one training. Every training starts from a config of
``configs/mmagic/small`` and changes what its row changes; what a size needs to be small is the
same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ABLATIONS", "RUNS", "Ablation", "Run"]


@dataclass(frozen=True)
class Run:
    """A training.

    Args:
        config: Of ``configs/mmagic/small``.
        patch: Side of the targets' crops, in pixels.
        options: Dotted keys of the config, and what they become.
        starts_from: Earlier runs whose weights it takes, by part as in ``FCA2Net``'s
            ``checkpoints``.
    """

    config: str
    patch: int
    options: Mapping[str, object] = field(default_factory=dict)
    starts_from: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ablation:
    """A table of the paper.

    Args:
        key: Of the table in ``papers``.
        rows: The run behind each row, by the row's name there.
    """

    key: str
    rows: Mapping[str, str]


def _autoencoder(color_correction: str | None = "frame", color_at: str = "decoder", **settings):
    """The paper's full autoencoder but for what is given: groups of 9 that share 3, flow, eq. 4."""
    # groups that cut a frame (Table VI) have no mean frame to start codes from
    settings = {"image_codes": False, **settings}
    return Run(
        "small_fca2-autoencoder.py",
        48,
        {
            "model.generator.color_correction": color_correction,
            "model.generator.color_at": color_at,
            **{f"model.generator.autoencoder.{key}": value for key, value in settings.items()},
        },
        {"spynet": "flow"},
    )


_VSR = {"mid_channels": 16, "num_blocks": 2}  # half of small_vsr.py's: minutes are few
_STAGES = {"cleaning": "cleaning", "autoencoder": "autoencoder", "vsr_spynet": "flow"}
_SCRATCH = {"spynet": "flow", "vsr_spynet": "flow"}  # flow is trained beforehand in the paper, too


def _wrapped(starts_from: Mapping[str, str] = _STAGES, **settings: object) -> Run:
    """The recurrent network inside FCA², with the autoencoder of ``_autoencoder``."""
    options = {
        **{f"model.model.generator.{key}": value for key, value in _VSR.items()},
        "model.autoencoder.image_codes": False,
        **{f"model.{key}": value for key, value in settings.items()},
    }
    return Run("small_fca2-vsr.py", 96, options, starts_from)


#: In an order in which each finds what it starts from.
RUNS = {
    "flow": Run("small_flow.py", 32),
    "cleaning": Run("small_fca2-cleaning.py", 32),
    "autoencoder": _autoencoder(),
    "no-grouping": _autoencoder(None, n_subs=21, n_ovls=0, flow_mode=None),
    "grouping": _autoencoder(None, flow_mode=None),
    "grouping-flow": _autoencoder(None),
    "grouping-color": _autoencoder(flow_mode=None),
    "s6o0": _autoencoder(n_subs=6, n_ovls=0),
    "s6o2": _autoencoder(n_subs=6, n_ovls=2),
    "s9o0": _autoencoder(n_subs=9, n_ovls=0),
    "s12o4": _autoencoder(n_subs=12, n_ovls=4),
    "s18o8": _autoencoder(n_subs=18, n_ovls=8),
    "color-encoder": _autoencoder(color_at="encoder"),
    "color-both": _autoencoder(color_at="both"),
    "vsr": Run(
        "small_vsr.py",
        96,
        {f"model.generator.vsr.{key}": value for key, value in _VSR.items()},
        {"vsr_spynet": "flow"},
    ),
    "frame-encoding": _wrapped(cleaning=False),
    "crf-cleaning": _wrapped(autoencoder=False),
    "fca2": _wrapped(),
    "joint": _wrapped(_SCRATCH, stage="joint"),
    "finetune": _wrapped(stage="finetune"),
}

ABLATIONS = {
    "III": Ablation(
        "fca2-3",
        {
            "nothing": "no-grouping",
            "grouping": "grouping",
            "grouping, flow": "grouping-flow",
            "grouping, color": "grouping-color",
            "grouping, flow, color": "autoencoder",
        },
    ),
    "IV": Ablation(
        "fca2-4",
        {
            "no encoding, no cleaning": "vsr",
            "frame encoding": "frame-encoding",
            "CRF cleaning": "crf-cleaning",
            "frame encoding and CRF cleaning": "fca2",
        },
    ),
    "V": Ablation(
        "fca2-5",
        {
            "pre-training": "fca2",
            "joint training": "joint",
            "pre-training and joint training": "finetune",
        },
    ),
    "VI": Ablation(
        "fca2-6",
        {
            "n_subs 6, n_ovls 0": "s6o0",
            "n_subs 6, n_ovls 2": "s6o2",
            "n_subs 9, n_ovls 0": "s9o0",
            "n_subs 9, n_ovls 3": "autoencoder",
            "n_subs 12, n_ovls 4": "s12o4",
            "n_subs 18, n_ovls 8": "s18o8",
        },
    ),
    "VII": Ablation(
        "fca2-7",
        {
            "none": "grouping-flow",
            "encoder": "color-encoder",
            "decoder": "autoencoder",
            "encoder and decoder": "color-both",
        },
    ),
}
