"""What FCA² encodes real frames into (Fig. 8)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin.apps.report.pictures import CodesPicture
from fca2_plugin.apps.report.results import Evaluation

__all__ = ["codes_picture", "evaluated_network"]


def codes_picture(title: str, network: Any, frames: Sequence[np.ndarray]) -> CodesPicture:
    """The codes of a clip's first chunk, each beside the frames of its group.

    Args:
        title: The line above the picture.
        network: FCA² with an autoencoder.
        frames: Of the clip, uint8 RGB.
    """
    # seconds to import, and only networks need them
    import torch

    from fca2_plugin.inference.run import to_clip, to_frames

    chunk = frames[: network.chunk_frames]
    with torch.inference_mode():
        clean = network.clean(to_clip(chunk, next(network.parameters()).device))
        groups = network.plan(clean)
        codes = network.encode(clean, groups).images
    holds = [sorted((group.key, *group.members)) for group in groups]
    return CodesPicture(title, chunk, to_frames(codes), holds)


def evaluated_network(evaluation: Evaluation, condition: str) -> Any:
    """The network behind a result; None where its files are gone, or it has no autoencoder."""
    source = evaluation.sources.get(condition, {})
    config, checkpoint = (str(source.get(key) or "") for key in ("config", "checkpoint"))
    if not (Path(config).is_file() and Path(checkpoint).is_file()):
        return None
    from fca2_plugin.inference.load import load_network

    network = load_network(config, checkpoint)
    return None if getattr(network, "autoencoder", None) is None else network
