#!/usr/bin/env bash
# Time enhancement networks, and count their operations, as TGAFNet's Table IV does:
# bash tools/enhancement_table.sh [NAME ...] [--size WxH] [--frames N] [--json FILE] [options]
#
# fca2 report puts FILE into the table.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
use_env
exec "$PY" "$ROOT/tools/enhancement_table.py" "$@"
