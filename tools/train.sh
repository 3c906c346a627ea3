#!/usr/bin/env bash
# Train a config: bash tools/train.sh CONFIG [GPUS] [--resume, --amp, --cfg-options, ...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 1 ] || usage "train.sh CONFIG [GPUS] [arguments]"
config=$1
shift
module=$(module_for "$config" train)
gpus=1
if [ $# -ge 1 ] && [[ $1 != -* ]]; then
    gpus=$1
    shift
    check_gpus "$gpus"
fi
if [ "$gpus" -gt 1 ] || [ "${NNODES:-1}" -gt 1 ]; then
    run_dist "$gpus" "$module" "$config" "$@"
fi
run_one "$module" "$config" "$@"
