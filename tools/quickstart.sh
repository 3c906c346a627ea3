#!/usr/bin/env bash
# Install what is missing, then train, test and upscale on a small scale:
# bash tools/quickstart.sh [--video FILE] [--work-dir DIR] (--help lists the rest)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
ensure_env torch av cv2 scenedetect mmagic mmengine mmcv skimage matplotlib
# By default, glibc returns every large block to the kernel and faults it in again for the next frame.
# With this setting both networks keep their memory, and their times vary less.
export MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-2000000000}
export MALLOC_MMAP_THRESHOLD_=${MALLOC_MMAP_THRESHOLD_:-1000000000}
exec "$PY" -m fca2_plugin.cli quickstart "$@"
