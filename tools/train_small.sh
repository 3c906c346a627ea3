#!/usr/bin/env bash
# Make the clips of the small networks from a folder of videos, then train and test the networks; if
# interrupted, run the same command again to resume:
# bash tools/train_small.sh CLIPS [HOST] [CONFIG ...] [-- ARGUMENTS OF tools/train.sh]
#
# HOST is mmagic (the default) or basicsr. CONFIG selects some of configs/HOST/small, with the configs
# that they start from; the default is all of them, in order. configs/small_clips lists the videos for
# training and validation; no other file of CLIPS is read.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
take_rest "$@"
set -- ${args[@]+"${args[@]}"}
[ $# -ge 1 ] || usage "train_small.sh CLIPS [mmagic|basicsr] [CONFIG ...] [-- arguments]"
clips=$1
set_host "${2:-mmagic}"
shift $(($# > 1 ? 2 : 1))
[ $# -gt 0 ] || set -- small_flow small_srvgg small_vsr \
    small_fca2-cleaning small_fca2-autoencoder small_fca2-vsr small_fca2-fast
check_configs small "$@"
clips=$(videos_folder "$clips")
use_env
cd "$ROOT"
encode_clips "$clips"
encode_real "$clips"
train_and_test small "$@"
