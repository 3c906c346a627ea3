#!/usr/bin/env bash
# Train under Slurm: bash tools/slurm_train.sh PARTITION JOB CONFIG WORK_DIR [arguments]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS, as in MMagic's script.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 4 ] || usage "slurm_train.sh PARTITION JOB CONFIG WORK_DIR [arguments]"
partition=$1 job=$2 config=$3 work_dir=$4
shift 4
module=$(module_for "$config" train)
run_slurm "$partition" "$job" "$module" "$config" --work-dir="$work_dir" "$@"
