#!/usr/bin/env bash
# Add to a sweep over groups what each grouping can reach at best, without training:
#     fca2 benchmark --preset fast --sweep groups --json JSON
#     bash tools/groups_bound.sh JSON DATA
# DATA is a data set of fca2 encode. Then fca2 report --results JSON draws quality against speed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -eq 2 ] || usage "groups_bound.sh JSON DATA"
use_env
exec "$PY" "$ROOT/tools/groups_bound.py" "$@"
