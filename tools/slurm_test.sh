#!/usr/bin/env bash
# Test under Slurm: bash tools/slurm_test.sh PARTITION JOB CONFIG CHECKPOINT [arguments]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS, as in MMagic's script.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 4 ] || usage "slurm_test.sh PARTITION JOB CONFIG CHECKPOINT [arguments]"
partition=$1 job=$2 config=$3 checkpoint=$4
shift 4
module=$(module_for "$config" test)
check_checkpoint "$checkpoint"
run_slurm "$partition" "$job" "$module" "$config" "$checkpoint" "$@"
