#!/usr/bin/env bash
# Install what is missing, then check the style and run the tests:
# bash tools/run_tests.sh [--oldest] [pytest arguments]
#
# -m "not slow" leaves out what trains through a host, starts other programs or enlarges whole videos,
# which takes minutes.
#
# --oldest takes the oldest versions that setup.py allows (constraints-oldest.txt), in a venv of their
# own (.venv-oldest, or $FCA2_VENV_OLDEST), and runs the tests that tell whether they still do: what
# calls torch, what patches the hosts, and on each host training, validation and resuming.
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
# A missing host is a failure here, not a skip; two workers share the cores, so one thread each.
export FCA2_REQUIRE_HOSTS=1 OMP_NUM_THREADS=1
"$PY" -m ruff check .
exec "$PY" -m pytest -n 2 ${tests[@]+"${tests[@]}"} "$@"
