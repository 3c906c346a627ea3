"""``python -m fca2_plugin.cli`` is ``fca2``."""

import sys

from fca2_plugin.cli import main

if __name__ == "__main__":
    sys.exit(main())
