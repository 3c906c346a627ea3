#!/usr/bin/env bash
# Measure real networks alone and inside FCA² on Vid4, raw and at CRF 15, 25 and 35:
# bash tools/pretrained_table.sh VID4 OUT [--frames N]; the same command resumes if interrupted.
#
# VID4 contains the ground truth of calendar, city, foliage and walk as videos or folders of frames.
# The script writes table.json, table.md and psnr_vs_ms.png to OUT. A full-size network needs seconds
# per frame on a CPU, so whole clips take hours; --frames N uses only the first N frames of each.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 2 ] || usage "pretrained_table.sh VID4 OUT [--frames N] [--weights DIR] [--device NAME]"
[ -e "$1" ] || die "there is no '$1'; give the folder of Vid4's ground truth"
use_env
exec "$PY" "$ROOT/tools/pretrained_table.py" "$@"
