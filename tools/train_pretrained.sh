#!/usr/bin/env bash
# Train the published BasicVSR on compressed video, then FCA² around it; if interrupted, run the same
# command again to resume:
# bash tools/train_pretrained.sh CLIPS [mmagic|basicsr] [-- ARGUMENTS OF tools/train.sh]
#
# CLIPS is the folder of the videos that configs/small_clips lists; no other file in it is read.
# tools/get_basicvsr.sh downloads the published weights if data/basicvsr does not contain them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
take_rest "$@"
set -- ${args[@]+"${args[@]}"}
[ $# -ge 1 ] || usage "train_pretrained.sh CLIPS [mmagic|basicsr] [-- arguments]"
clips=$1
set_host "${2:-mmagic}"
check_configs pretrained crf_basicvsr adapt_basicvsr
clips=$(videos_folder "$clips")
use_env
cd "$ROOT"
bash tools/get_basicvsr.sh data/basicvsr
encode_clips "$clips"
train_and_test pretrained crf_basicvsr adapt_basicvsr
