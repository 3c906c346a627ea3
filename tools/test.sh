#!/usr/bin/env bash
# Test a checkpoint: bash tools/test.sh CONFIG CHECKPOINT [GPUS] [--out, --cfg-options, ...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 2 ] || usage "test.sh CONFIG CHECKPOINT [GPUS] [arguments]"
config=$1 checkpoint=$2
shift 2
module=$(module_for "$config" test)
check_checkpoint "$checkpoint"
gpus=1
if [ $# -ge 1 ] && [[ $1 != -* ]]; then
    gpus=$1
    shift
    check_gpus "$gpus"
fi
if [ "$gpus" -gt 1 ] || [ "${NNODES:-1}" -gt 1 ]; then
    run_dist "$gpus" "$module" "$config" "$checkpoint" "$@"
fi
run_one "$module" "$config" "$checkpoint" "$@"
