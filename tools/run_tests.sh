#!/usr/bin/env bash
# Install what is missing, then check the style and run the tests:
# bash tools/run_tests.sh [--oldest] [pytest arguments]
#
# -m "not slow" skips the tests that train through a host, start other programs or enlarge whole
# videos, which take minutes.
#
# --oldest installs the oldest versions that setup.py allows (constraints-oldest.txt) in a separate
# venv (.venv-oldest, or $FCA2_VENV_OLDEST), and runs the tests that show whether they still work: the
# code that calls torch or patches the hosts, and training, validation and resuming on each host.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
tests=()
if [ "${1-}" = --oldest ]; then
    shift
    use_oldest
    ensure_own_env
    tests=(ops layers compat checkpoints nets/test_fca2.py mmagic/test_wrap.py basicsr/test_wrap.py
        mmagic/test_frozen.py basicsr/test_frozen.py test_torch_names.py test_two_hosts.py test_wheel.py)
    tests=("${tests[@]/#/tests/}")
else
    ensure_env torch av cv2 scenedetect mmagic mmengine mmcv basicsr skimage matplotlib \
        onnxruntime onnxscript gradio torchmetrics imageio_ffmpeg pytest xdist ruff mypy \
        sphinx myst_parser furo codespell_lib nbclient ipykernel
fi
cd "$ROOT"
# Here a missing host fails instead of skipping. Two workers share the cores, so each has one thread;
# each begins with a half of the tests, and who is ready takes some of the other's.
export FCA2_REQUIRE_HOSTS=1 OMP_NUM_THREADS=1
"$PY" -m ruff check .
exec "$PY" -m pytest -n 2 --dist worksteal ${tests[@]+"${tests[@]}"} "$@"
