#!/usr/bin/env bash
# Make the pictures of README.md: bash tools/make_pictures.sh VIDEO OUT [options]
#
# VIDEO is the ground truth; it is made 4 times smaller and coded by x264 at CRF 25. The script writes
# OUT/before_after.png. The one in docs/images shows clip 011 of REDS (Nah et al., CC BY 4.0):
#   bash tools/make_pictures.sh reds_011.mp4 docs/images --start 26 --frames 7 --show 4 \
#       --region 112 144 352 288 --crop 40 24 180 150
# psnr_time.png is the psnr_vs_ms.png that tools/pretrained_table.sh writes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 2 ] || usage "make_pictures.sh VIDEO OUT [options]"
use_env
exec "$PY" "$ROOT/tools/make_pictures.py" "$@"
