#!/usr/bin/env bash
# Make the pictures of README.md: bash tools/make_pictures.sh VIDEO OUT [options]
#
# VIDEO is ground truth, which is made 4 times smaller and coded by x264 at CRF 25; OUT gets
# before_after.png, and with --table FILE (of tools/pretrained_table.sh) psnr_time.png. Those in
# docs/images are of clip 011 of REDS (Nah et al., CC BY 4.0), where 720 lines are halved first:
#   bash tools/make_pictures.sh reds_011.mp4 docs/images --halve --start 24 --show 7 --crop 270 120 120 120
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 2 ] || usage "make_pictures.sh VIDEO OUT [options]"
use_env
exec "$PY" "$ROOT/tools/make_pictures.py" "$@"
