"""The command of ``gpu_check.sh``."""

import sys
from pathlib import Path

from .run import check

if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "gpu_check.json")
    passed = check(path, lambda line: print(line, flush=True))
    print(f"written: {path}")
    sys.exit(0 if passed else 1)
