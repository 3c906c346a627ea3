#!/usr/bin/env bash
# Measure the small networks on Vid4 at CRF 15, 25 and 35 beside bicubic and the papers' figures:
# bash tools/small_table.sh VID4 OUT [HOST]; the same command resumes if interrupted.
#
# VID4 contains the ground truth of calendar, city, foliage and walk as videos or folders of frames.
# The script writes to OUT the compressed clips, one JSON and the frames (0.4 GB) of each method,
# report.html and report.md. It measures the weights that ship, and those that tools/train_small.sh
# has trained.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 2 ] || usage "small_table.sh VID4 OUT [mmagic|basicsr]"
vid4=$1 out=$2
set_host "${3:-mmagic}"
[ -e "$vid4" ] || die "there is no '$vid4'; give the folder of Vid4's ground truth"
use_env

"$PY" -m fca2_plugin.cli encode "$vid4" "$out/Vid4" \
    --degradation gaussian --codec x264 --crf 15 25 35
# measure NAME ARGUMENTS
measure() {
    results+=("$out/$1.json")
    [ ! -f "$out/$1.json" ] || return 0
    "$PY" -m fca2_plugin.cli evaluate --data "$out/Vid4" --conditions crf15 crf25 crf35 \
        --protocol cvsr-y --metrics psnr ssim tof --jobs 1 \
        --name "$1" --dataset Vid4 --json "$out/$1.json" --save "$out/frames/$1" "${@:2}"
}
results=()
measure bicubic --method bicubic
for name in small small_fast; do
    measure "$name" --weights "$name" --device cpu
done
for name in small_vsr small_srvgg small_fca2-vsr small_fca2-fast; do
    [ -e "$ROOT/$runs/$name" ] || continue
    measure "$name" --config "$ROOT/configs/$host/small/$name.$suffix" \
        --checkpoint "$ROOT/$runs/$name" --device cpu
done
"$PY" -m fca2_plugin.cli report --results "${results[@]}" --out "$out"
