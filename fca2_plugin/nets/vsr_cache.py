"""Results of a frozen VSR network, kept on disk.

If codes do not change from epoch to epoch, their results do not change either, and training FCA²
around a frozen network needs to run the network only once per sample. The network's weights and the
codes identify a result. With other weights, clips or settings, results are computed again.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fca2_plugin._files import file_at_once

__all__ = ["VSRCache"]


class VSRCache:
    """Computes a network's result for a clip, or reads it if it was computed before.

    Results are stored in half precision, with an error of at most 1/2048 of a pixel's value.

    Args:
        folder: Folder for the results; it is created if needed.
        network: The frozen network. Its weights are hashed once, at the first clip.
    """

    def __init__(self, folder: str | Path, network: nn.Module) -> None:
        self.folder = Path(folder)
        self.network = network
        self._weights: bytes | None = None

    @torch.no_grad()
    def __call__(self, compute: Callable[[Tensor], Tensor], codes: Tensor) -> Tensor:
        """Return the results of ``codes``, (n, k, 3, h, w) to (n, k, 3, s*h, s*w).

        Args:
            compute: Runs the network.
            codes: The codes; each clip of the batch is looked up separately.
        """
        return torch.cat([self._one(compute, clip) for clip in codes.split(1)])

    def _one(self, compute: Callable[[Tensor], Tensor], clip: Tensor) -> Tensor:
        name = self._name(clip)
        path = self.folder / name[:2] / f"{name}.safetensors"
        if path.is_file():
            try:
                return load_file(path)["sr"].to(clip)
            except SafetensorError:  # a full disk or a crash left a damaged file
                path.unlink()
        result = compute(clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        with file_at_once(path) as temporary:
            save_file({"sr": result.half().cpu().contiguous()}, temporary)
        return result.half().to(result)

    def _name(self, clip: Tensor) -> str:
        if self._weights is None:
            digest = hashlib.sha256(repr(self.network).encode())
            for key, value in self.network.state_dict().items():
                digest.update(key.encode())
                digest.update(_bytes(value))
            self._weights = digest.digest()
        return hashlib.sha256(
            self._weights + str(tuple(clip.shape)).encode() + _bytes(clip)
        ).hexdigest()


def _bytes(x: Tensor) -> bytes:
    return x.detach().float().cpu().contiguous().numpy().tobytes()
