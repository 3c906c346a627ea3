#!/usr/bin/env bash
# Train the paper's ablations (Tables III to VII) at a small scale, over several seeds:
# bash tools/ablate.sh [--out DIR] [--tables T ...] [--seeds N] [--budget SHARE] [--data DIR]
#
# The same command resumes if interrupted; docs/ablations.md describes the rule and the results.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
use_env
export PYTHONPATH="$ROOT/tools:$PYTHONPATH"
exec "$PY" -m ablations "$@"
