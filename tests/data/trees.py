"""What lies in a tree, for comparing two."""

from pathlib import Path


def files(root: Path) -> dict[str, bytes]:
    """Return the bytes of each file by its path below ``root``."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
