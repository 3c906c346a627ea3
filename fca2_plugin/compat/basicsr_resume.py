"""Resuming a BasicSR run without CUDA, or with a root folder other than the current one.

Breaks: ``--auto_resume`` finds nothing unless the run's folder lies in the current one, and any
resume fails without CUDA.
Why: ``load_resume_state`` looks in ``./experiments`` whatever the run's root is, and asks for the
current CUDA device to load the state there. The optimisers move it to their weights' device
anyway, so here it is loaded on the CPU.
"""

from pathlib import Path

import torch

__all__ = ["apply", "find_state"]


def apply() -> str | None:
    import basicsr.train

    def load_resume_state(opt: dict) -> dict | None:
        if opt["auto_resume"]:
            opt["path"]["resume_state"] = find_state(opt["path"]["training_states"])
        path = opt["path"].get("resume_state")
        if not path:
            return None
        state = torch.load(path, map_location="cpu", weights_only=True)
        basicsr.train.check_resume(opt, state["iter"])
        return state

    basicsr.train.load_resume_state = load_resume_state
    return "BasicSR resumes only from ./experiments, and only with CUDA"


def find_state(folder: str | Path) -> str | None:
    """The training state of the latest iteration in ``folder``."""
    states = [path for path in Path(folder).glob("*.state") if path.stem.isdigit()]
    return str(max(states, key=lambda path: int(path.stem))) if states else None
