#!/usr/bin/env bash
# Check fca2 upscale on files of every kind, which the script makes, and on real files:
# bash tools/upscale_corpus.sh OUT [--real PATH ...] [--only NAME ...] [--kills N] [--memory]
#
# OUT is a new folder for the files, corpus.json and corpus.md. The ffmpeg program makes the
# files (imageio-ffmpeg, one of the packages for tests).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 1 ] || usage "upscale_corpus.sh OUT [--real PATH ...] [--only NAME ...] [--kills N] [--memory]"
use_env
exec "$PY" -W ignore "$ROOT/tests/apps/upscale/corpus/__main__.py" "$@"
