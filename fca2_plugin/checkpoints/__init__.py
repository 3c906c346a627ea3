"""Weights on disk: found, read without executing them, loaded whole or not at all.

MMEngine's files hold the weights under ``state_dict`` beside its training log, BasicSR's under
``params_ema`` or ``params``.
"""

from fca2_plugin.checkpoints import overrides
from fca2_plugin.checkpoints.finding import find_checkpoint, is_whole, newest_checkpoint
from fca2_plugin.checkpoints.loading import (
    VSR_ALONE,
    check_finite,
    check_weights,
    fit,
    holds_vsr_alone,
    load_part,
    select_part,
)
from fca2_plugin.checkpoints.overrides import nothing_to_resume
from fca2_plugin.checkpoints.reading import (
    PHASE_KEY,
    Checkpoint,
    only_tensors,
    read_checkpoint,
    read_content,
    read_state_dict,
)

__all__ = [
    "PHASE_KEY",
    "VSR_ALONE",
    "Checkpoint",
    "check_finite",
    "check_weights",
    "find_checkpoint",
    "fit",
    "holds_vsr_alone",
    "is_whole",
    "load_part",
    "newest_checkpoint",
    "nothing_to_resume",
    "only_tensors",
    "overrides",
    "read_checkpoint",
    "read_content",
    "read_state_dict",
    "select_part",
]
