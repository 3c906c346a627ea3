#!/usr/bin/env bash
# Code the clips of the small enhancement networks with x265, then train and test the networks; if
# interrupted, run the same command again to resume:
# bash tools/train_enhancement.sh CLIPS TEST_CLIPS [HOST] [CONFIG ...] [-- ARGUMENTS OF tools/train.sh]
#
# CLIPS and TEST_CLIPS are folders of videos, the second only for testing. HOST is mmagic (the
# default) or basicsr. CONFIG selects some of configs/HOST/enhancement/small; the default is all.
# configs/small_clips/train_enhancement.txt lists the videos to train on; no other file of CLIPS
# is read.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
take_rest "$@"
set -- ${args[@]+"${args[@]}"}
[ $# -ge 2 ] || usage "train_enhancement.sh CLIPS TEST_CLIPS [mmagic|basicsr] [CONFIG ...] [-- arguments]"
clips=$1 test_clips=$2
set_host "${3:-mmagic}"
shift $(($# > 2 ? 3 : 2))
[ $# -gt 0 ] || set -- small_stdf-r3 small_stdf-r3-blind small_tgafnet
check_configs enhancement/small "$@"
for folder in "$clips" "$test_clips"; do
    [ -d "$folder" ] || die "there is no folder '$folder' of videos; see configs/mmagic/enhancement/README.md"
done
clips=$(cd "$clips" && pwd) test_clips=$(cd "$test_clips" && pwd)
use_env
cd "$ROOT"

mapfile -t names <configs/small_clips/train_enhancement.txt
settings=(--qp 22 27 32 37 42 --speed ultrafast --max-frames 20)
"$PY" -m fca2_plugin.cli mfqe "$clips" data/small_mfqe --split train "${settings[@]}" \
    --clips "${names[@]}"
"$PY" -m fca2_plugin.cli mfqe "$test_clips" data/small_mfqe --split test "${settings[@]}"
train_and_test enhancement/small "$@"
