#!/usr/bin/env bash
# Test on several GPUs: bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments]
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT, as in MMagic's script.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 3 ] || usage "dist_test.sh CONFIG CHECKPOINT GPUS [arguments]"
config=$1 checkpoint=$2 gpus=$3
shift 3
module=$(module_for "$config" test)
check_checkpoint "$checkpoint"
check_gpus "$gpus"
run_dist "$gpus" "$module" "$config" "$checkpoint" "$@"
