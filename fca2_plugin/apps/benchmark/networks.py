"""The two networks of a benchmark: a VSR network alone, and the same one inside FCA²."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from fca2_plugin._suggest import check_choice
from fca2_plugin.inference.load import load_network
from fca2_plugin.nets import FCA2Net
from fca2_plugin.nets.build import FROM_PRESET, PRESETS, STAGES

__all__ = ["HOSTS", "VSR_STAGES", "Choice", "build_pair"]

HOSTS = ("mmagic", "basicsr")
VSR_STAGES = tuple(name for name, stage in STAGES.items() if "vsr" in stage.learns)


@dataclass(frozen=True)
class Choice:
    """Which network is wrapped, and how.

    Args:
        vsr: A name that the host's ``zoo`` lists; ignored where ``config`` is given.
        host: ``mmagic`` or ``basicsr``.
        preset: A key of ``PRESETS``.
        stage: What learns in a training step, one of ``VSR_STAGES``; by default the preset's.
        n_subs: Channels of a group; None for the preset's.
        n_ovls: Channels shared by neighbouring groups; None for the preset's.
        num_passes: Cleaning passes, 0 for no cleaning network; None for the preset's.
        tiny: Small widths, and the ``tiny`` or ``tiny_fast`` preset, to try things.
        config: A config of either host whose network is FCA2Net.
        checkpoint: Weights for ``config``.
    """

    vsr: str = "basicvsr"
    host: str = "mmagic"
    preset: str = "released"
    stage: str = FROM_PRESET
    n_subs: int | None = None
    n_ovls: int | None = None
    num_passes: int | None = None
    tiny: bool = False
    config: str | None = None
    checkpoint: str | None = None

    @property
    def preset_used(self) -> str:
        """The preset, or its small counterpart."""
        small = f"tiny_{self.preset}"
        return self.preset if not self.tiny else small if small in PRESETS else "tiny"


def build_pair(choice: Choice) -> dict[str, FCA2Net]:
    """Build ``baseline`` and ``wrapped``; they share the weights of the VSR network.

    The baseline is the inner VSR network behind FCA2Net's own padding and nothing else, so that
    both meet the same input in the same way.

    Raises:
        ValueError: An unknown network, host, preset or stage, a config without FCA² or without
            VSR, or a stage beside a config.
        FileNotFoundError: A config or checkpoint that is not there.
        ModuleNotFoundError: The host is not installed.
    """
    torch.manual_seed(0)
    wrapped = _from_config(choice) if choice.config else _from_name(choice)
    baseline = FCA2Net(vsr=wrapped.vsr, vsr_spec=wrapped.vsr_spec)
    return {"baseline": baseline.eval(), "wrapped": wrapped.eval()}


def _from_name(choice: Choice) -> FCA2Net:
    check_choice("host", choice.host, HOSTS)
    check_choice("preset", choice.preset, PRESETS)
    check_choice("stage", choice.stage, (*VSR_STAGES, FROM_PRESET))
    zoo = importlib.import_module(f"fca2_plugin.{choice.host}.zoo")
    vsr = choice.vsr.replace("_", "-")  # config files have both, BasicVSR++'s class the other
    check_choice(f"VSR network of {choice.host}", vsr, zoo.VSR_NETS)
    config = dict(zoo.VSR_NETS[vsr])
    if choice.tiny:
        config |= zoo.TINY[vsr]
    grouping = {"n_subs": choice.n_subs, "n_ovls": choice.n_ovls}
    autoencoder = {key: value for key, value in grouping.items() if value is not None}
    cleaning: Mapping | bool = {}
    if choice.num_passes is not None:
        cleaning = choice.num_passes != 0 and {"num_passes": choice.num_passes}
    return zoo.Network(
        vsr=config,
        stage=choice.stage,
        preset=choice.preset_used,
        autoencoder=autoencoder,
        cleaning=cleaning,
    )


def _from_config(choice: Choice) -> FCA2Net:
    if choice.stage != FROM_PRESET:
        raise ValueError(
            f"stage={choice.stage!r} applies to a network that is chosen by name; {choice.config} "
            "sets its own stage, so leave --stage out"
        )
    network = load_network(str(choice.config), choice.checkpoint)
    if not isinstance(network, FCA2Net) or network.vsr is None:
        raise ValueError(
            f"{choice.config} builds a {type(network).__name__}"
            + (" without a VSR network" if isinstance(network, FCA2Net) else "")
            + "; expected FCA2Wrapper or FCA2Net around a VSR network, which is the baseline"
        )
    return network
