"""What a guided decoder makes of perfect codes: a bound on quality that needs no training.

The VSR network is replaced by the true key frames, so that what is missing then is what the motion
of LQ frames cannot bring from them. An untrained ``GuidedAutoencoder`` sums plainly; a trained one
does better, but its VSR network is not perfect.
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean

import torch

from fca2_plugin.apps.pairs import Pair, check_pairs, find_pairs, open_tree
from fca2_plugin.data import media_frames
from fca2_plugin.inference.run import to_clip, to_frames
from fca2_plugin.metrics import psnr
from fca2_plugin.nets import FCA2Net

__all__ = ["bound_pairs", "bound_psnr"]

_FRAMES = 14  # of each clip: two chunks of 7


def bound_pairs(data: Path) -> dict[str, list[Pair]]:
    """The clips of every condition of a tree of ``fca2 encode``.

    Raises:
        FileNotFoundError: The tree does not exist.
        ValueError: Its clips do not fit their ground truth.
    """
    tree = open_tree(data)
    return {
        condition: check_pairs(find_pairs(tree.gt, lq=lq, condition=condition), tree.scale)
        for condition, lq in tree.lq.items()
    }


@torch.no_grad()
def bound_psnr(network: FCA2Net, pairs: Sequence[Pair]) -> float | None:
    """PSNR in dB on RGB, from true codes, of the frames between key frames; a mean over clips.

    Args:
        network: With an autoencoder; only a guided one has a bound.
        pairs: Clips of at least one chunk; their first frames are taken, in whole chunks.
    """
    if network.autoencoder is None or not network.autoencoder.takes_groups:
        return None
    size = network.chunk_frames or _FRAMES
    means = []
    for pair in pairs:
        count = min(_FRAMES, pair.num_frames) // size * size
        if not count:
            continue
        lq, gt = (
            to_clip(list(islice(media_frames(media), count)), "cpu").unflatten(1, (-1, size))[0]
            for media in (pair.need("lq"), pair.gt)
        )  # (m, f, 3, h, w)
        groups = network.plan_ahead(size)
        keys = [group.key for group in groups]
        codes = network.autoencoder.encode(lq, groups)
        sr = network.autoencoder.decode(codes._replace(images=gt[:, keys]))
        between = [f for f in range(size) if f not in keys]
        made, true = (to_frames(x[:, between].flatten(0, 1)[None]) for x in (sr, gt))
        if between:
            means.append(fmean(psnr(a, b) for a, b in zip(made, true, strict=True)))
    return fmean(means) if means else None
