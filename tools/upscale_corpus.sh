#!/usr/bin/env bash
# Prove fca2 upscale on files of every kind, which are made anew, and on real ones:
# bash tools/upscale_corpus.sh OUT [--real PATH ...] [--only NAME ...] [--kills N] [--memory]
#
# OUT is a new folder; it gets the files, corpus.json and corpus.md. ffmpeg's own program makes the
# files (imageio-ffmpeg, one of the packages for tests).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -ge 1 ] || usage "upscale_corpus.sh OUT [--real PATH ...] [--only NAME ...] [--kills N] [--memory]"
use_env
exec "$PY" -W ignore "$ROOT/tests/apps/upscale/corpus/__main__.py" "$@"
