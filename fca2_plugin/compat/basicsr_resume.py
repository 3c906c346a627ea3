"""Resuming a BasicSR run without CUDA, safely, or with a root folder other than the current one.

Breaks: ``--auto_resume`` finds nothing unless the run's folder lies in the current one; any resume
fails without CUDA; and before torch 2.6 a state file can run code.
Why: ``load_resume_state`` looks in ``./experiments`` whatever the run's root is, and asks for the
current CUDA device to load the state there. The optimisers move it to their weights' device
anyway, so here it is loaded on the CPU, by this package's unpickler.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path

from fca2_plugin.checkpoints import is_whole, read_content

__all__ = ["apply", "find_state", "read_state"]

_PARTS = ("epoch", "iter", "optimizers", "schedulers")


def apply() -> str | None:
    import basicsr.train

    def load_resume_state(opt: dict) -> dict | None:
        if opt["auto_resume"]:
            opt["path"]["resume_state"] = find_state(opt["path"]["training_states"])
        path = opt["path"].get("resume_state")
        if not path:
            return None
        state = read_state(path)
        basicsr.train.check_resume(opt, state["iter"])
        return state

    basicsr.train.load_resume_state = load_resume_state
    return "BasicSR resumes only from ./experiments, and only with CUDA"


def find_state(folder: str | Path) -> str | None:
    """The training state of the latest iteration in ``folder`` that is whole, with its weights.

    Weights are in ``models`` beside ``folder``.
    """
    folder = Path(folder)
    states = [path for path in folder.glob("*.state") if path.stem.isdigit()]
    states.sort(key=lambda path: int(path.stem), reverse=True)
    for index, state in enumerate(states):
        weights = folder.parent / "models" / f"net_g_{state.stem}.pth"
        if is_whole(state) and weights.is_file() and is_whole(weights):
            if index:
                names = ", ".join(path.name for path in states[:index])
                warnings.warn(
                    f"{names} in {folder}, or the weights that belong to it, are damaged or "
                    f"missing, so the run resumes from {state}",
                    stacklevel=2,
                )
            return str(state)
    return str(states[0]) if states else None


def read_state(path: str | Path) -> dict:
    """Read a training state.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is damaged, or no training state.
    """
    state = read_content(path)
    if not isinstance(state, Mapping) or not all(part in state for part in _PARTS):
        raise ValueError(
            f"{path} contains no training state of BasicSR; expected a .state file from the run's "
            "training_states"
        )
    return dict(state)
