#!/usr/bin/env bash
# Check what only a GPU can show, in at most ten minutes: bash tools/gpu_check.sh [JSON]
#
# Each step has a time limit and prints one line with its result; the details are written to
# JSON (gpu_check.json). Without a GPU it says so and runs the CPU part, in about two minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -le 1 ] || usage "gpu_check.sh [JSON]"
use_env
export PYTHONPATH="$ROOT/tools:$PYTHONPATH"
exec "$PY" -m gpu_check "$@"
