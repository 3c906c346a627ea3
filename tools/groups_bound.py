"""What a guided decoder makes of perfect codes: a bound on quality that needs no training.

The command of ``groups_bound.sh``. The VSR network is replaced by the true key frames, so that what
is missing then is what the motion of LQ frames cannot bring from them. An untrained
``GuidedAutoencoder`` sums plainly; a trained one does better, but its VSR network is not perfect.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import fmean

import torch

from fca2_plugin._errors import run_command
from fca2_plugin._files import read_json, write_json
from fca2_plugin.apps.benchmark import Choice, build_pair
from fca2_plugin.apps.pairs import ClipPair, check_pairs, find_pairs, open_tree
from fca2_plugin.data import media_frames
from fca2_plugin.inference.run import to_clip, to_frames
from fca2_plugin.metrics import psnr
from fca2_plugin.nets import FCA2Net

__all__ = ["add_bounds", "bound_pairs", "bound_psnr"]

FRAMES = 14  # of each clip: two chunks of 7


def add_bounds(path: Path, data: Path) -> dict:
    """Write ``bound_psnr`` by condition to each point of a sweep over groups.

    Args:
        path: What ``fca2 benchmark --sweep groups --json`` wrote.
        data: A tree of ``fca2 encode``.

    Raises:
        FileNotFoundError: The sweep or the tree does not exist.
        ValueError: The file has no groups, or the clips do not fit their ground truth.
    """
    sweep = read_json(path)
    if sweep.get("sweep") != "groups":
        raise ValueError(
            f"{path} has no groups; expected a file of fca2 benchmark --sweep groups --json"
        )
    pairs = bound_pairs(data)
    for point in sweep["points"]:
        groups = {key: point[key] for key in ("n_subs", "n_ovls")}
        wrapped = build_pair(replace(Choice(**sweep["choice"]), **groups))["wrapped"]
        point["bound_psnr"] = {c: bound_psnr(wrapped, found) for c, found in pairs.items()}
    write_json(path, sweep)
    return sweep


def bound_pairs(data: Path) -> dict[str, list[ClipPair]]:
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
def bound_psnr(network: FCA2Net, pairs: Sequence[ClipPair]) -> float | None:
    """PSNR in dB on RGB, from true codes, of the frames between key frames; a mean over clips.

    Args:
        network: With an autoencoder; only a guided one has a bound.
        pairs: Clips of at least one chunk; their first frames are taken, in whole chunks.
    """
    if network.autoencoder is None or not network.autoencoder.takes_groups:
        return None
    size = network.chunk_frames or FRAMES
    means = []
    for pair in pairs:
        count = min(FRAMES, pair.num_frames) // size * size
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


def main() -> int:
    """Add the bounds, and print them."""
    for point in add_bounds(Path(sys.argv[1]), Path(sys.argv[2]))["points"]:
        found = {c: psnr for c, psnr in point["bound_psnr"].items() if psnr is not None}
        said = ", ".join(f"{psnr:.2f} dB ({c})" for c, psnr in found.items())
        groups = f"{point['n_subs']}/{point['n_ovls']}"
        print(f"{groups}: frames between key frames, from true codes: {said or 'no bound'}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, debug=False))
