"""Comparing a compressed data set with the checksums in its manifest."""

import os
from collections.abc import Callable
from pathlib import Path

from fca2_plugin.data.manifest import MANIFEST, read_manifest
from fca2_plugin.data.store import lmdb_images
from fca2_plugin.data.tree import folder_sha256, frames_sha256, manifest_parts

__all__ = ["verify_tree"]


def verify_tree(
    root: str | os.PathLike, progress: Callable[[int, int, str], None] | None = None
) -> int:
    """Check every image of a finished data set, and return the number of folders.

    Args:
        root: The folder of the manifest, or one whose folders ``train`` and ``test`` have one.
        progress: Called after each folder with (done, total, its name).

    Raises:
        FileNotFoundError: There is no manifest.
        ValueError: A folder is missing, or differs from its checksum; or a manifest is damaged.

    Example:
        >>> from fca2_plugin.data import encode_tree
        >>> tree = encode_tree("in.mp4", "data", codecs=(), jobs=1)
        >>> verify_tree("data")
        2
    """
    root = Path(root)
    places = (root, root / "train", root / "test")
    read = {path: read_manifest(path / MANIFEST) for path in places}
    manifests = {path: manifest for path, manifest in read.items() if manifest is not None}
    if not manifests:
        raise FileNotFoundError(
            f"{root / MANIFEST} does not exist; it is written at the end, so run the same encode "
            "again"
        )
    expected = [
        (path / part.split, part)
        for path, manifest in manifests.items()
        for part in manifest_parts(path, manifest)
    ]
    for done, (path, part) in enumerate(expected, start=1):
        kind, name = part.kind, part.name
        database, folder = path / f"{kind}.lmdb", path / kind / name
        found: str | None
        if database.is_dir():
            folder, found = database, frames_sha256(lmdb_images(database, name))
        else:
            found = folder_sha256(folder) if folder.is_dir() else None
        if found is None:
            raise ValueError(f"{folder} is missing; run the same encode again to make it")
        if found != part.sha256:
            raise ValueError(
                f"the clip {name} in {folder} differs from the manifest; remove it and run the "
                "same encode again"
            )
        if progress is not None:
            progress(done, len(expected), f"{kind}/{name}")
    return len(expected)
