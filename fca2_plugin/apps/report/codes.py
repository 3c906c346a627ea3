"""What FCA² encodes real frames into (Fig. 8), by the network that an evaluation names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin.apps.report.pictures import CodesPicture, codes_picture
from fca2_plugin.apps.report.results import Evaluation

__all__ = ["codes_of"]


def codes_of(
    evaluation: Evaluation, condition: str, title: str, frames: Sequence[np.ndarray]
) -> CodesPicture | None:
    """The codes of a clip's first chunk.

    Args:
        evaluation: A network's.
        condition: Under which the network is looked up.
        title: The line above the picture.
        frames: LQ frames, uint8 RGB.

    Returns:
        The picture; None where config or checkpoint are gone, or the network has no autoencoder.
    """
    source = evaluation.sources.get(condition, {})
    config, checkpoint = (str(source.get(key) or "") for key in ("config", "checkpoint"))
    if not (Path(config).is_file() and Path(checkpoint).is_file()):
        return None
    # seconds to import, and only networks need them
    import torch

    from fca2_plugin.inference.load import load_network
    from fca2_plugin.inference.run import to_clip, to_frames

    network: Any = load_network(config, checkpoint)
    if getattr(network, "autoencoder", None) is None:
        return None
    chunk = frames[: network.chunk_frames]
    with torch.inference_mode():
        clean = network.clean(to_clip(chunk, "cpu"))
        groups = network.plan(clean)
        codes = network.encode(clean, groups).images
    return codes_picture(title, chunk, to_frames(codes), groups)
