#!/usr/bin/env bash
# Install what is missing, then run the whole story on a small scale:
# bash tools/quickstart.sh [--video FILE] [--work-dir DIR] (--help lists the rest)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
ensure_env
exec "$PY" -m fca2_plugin.cli quickstart "$@"
