#!/usr/bin/env bash
# Train on several GPUs, or with several CPU processes: bash tools/dist_train.sh CONFIG GPUS [arguments]
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT, as in MMagic's script.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 2 ] || usage "dist_train.sh CONFIG GPUS [arguments]"
config=$1 gpus=$2
shift 2
module=$(module_for "$config" train)
check_gpus "$gpus"
run_dist "$gpus" "$module" "$config" "$@"
