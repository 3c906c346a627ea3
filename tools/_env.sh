# Sourced by the other scripts: where the environment is, and how it is made.
#
# One venv serves everything: the active one if these scripts installed it, else $FCA2_VENV, else
# .venv in the repository. A stamp file in it holds a checksum of everything that the installation
# depends on, so a second run installs nothing, and an interrupted one is completed by the next.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STAMP_NAME=.fca2-installed

# die SENTENCE: the user has to change something
die() {
    echo "error: $*" >&2
    exit 2
}

# usage LINE: the arguments are wrong
usage() {
    echo "usage: bash tools/$*" >&2
    exit 2
}

# use_env: set PY to the Python of an environment that is already there
use_env() {
    local venv
    for venv in "${VIRTUAL_ENV-}" "${FCA2_VENV-}" "$ROOT/.venv"; do
        if [ -n "$venv" ] && [ -x "$venv/bin/python" ]; then
            PY=$venv/bin/python
            # as MMagic's scripts do: the plugin is found from any folder, installed or not
            export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
            return
        fi
    done
    die "there is no environment yet; run bash tools/quickstart.sh or bash tools/run_tests.sh once," \
        "or activate a venv in which fca2_plugin is installed"
}

# ensure_env: set PY to the Python of an environment in which everything is installed
ensure_env() {
    local venv=${FCA2_VENV:-$ROOT/.venv} key
    if [ -n "${VIRTUAL_ENV-}" ] && [ -f "$VIRTUAL_ENV/$STAMP_NAME" ]; then
        venv=$VIRTUAL_ENV
    fi
    PY=$venv/bin/python
    key=$(install_key)
    if [ -x "$PY" ] && [ "$(cat "$venv/$STAMP_NAME" 2>/dev/null)" = "$key" ]; then
        return
    fi
    make_venv "$venv"
    rm -f "$venv/$STAMP_NAME"
    install_all "$venv"
    echo "$key" >"$venv/$STAMP_NAME"
}

# install_key: a checksum that changes when the installation has to be looked at again
install_key() {
    { echo "$ROOT" && cat "$ROOT/constraints.txt" "$ROOT/setup.py" "$ROOT/tools/_env.sh"; } | cksum
}

# is_usable PYTHON: a version for which all the pinned packages have wheels, and able to make venvs
is_usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' \
        >/dev/null 2>&1
}

# find_python: print the first Python that is_usable
find_python() {
    local candidate
    if [ -n "${PYTHON-}" ]; then
        is_usable "$PYTHON" || die "PYTHON=$PYTHON is not a Python 3.10, 3.11 or 3.12 with venv"
        echo "$PYTHON"
        return
    fi
    for candidate in python3.11 python3.10 python3.12 python3 python; do
        if is_usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "found no Python 3.10, 3.11 or 3.12 with venv; install one" \
        "(Debian: apt install python3.11-venv) or set PYTHON to its path"
}

# make_venv DIR: make it, or complete what an interrupted run left
make_venv() {
    local python
    if [ -x "$1/bin/python" ]; then
        is_usable "$1/bin/python" ||
            die "the Python of $1 is not 3.10, 3.11 or 3.12 with venv; remove that folder or set FCA2_VENV"
        "$1/bin/python" -m pip --version >/dev/null 2>&1 && return
        python=$1/bin/python
    else
        [ ! -L "$1/bin/python" ] || die "the Python that $1 was made with is gone; remove that folder"
        python=$(find_python)
    fi
    check_disk "$1"
    echo "==> making the environment $1 with $("$python" --version)"
    "$python" -m venv "$1" || die "$python could not make a venv in $1"
}

# check_disk DIR: torch with its CUDA libraries is most of what is installed
check_disk() {
    local parent=$1 need_gb=${FCA2_MIN_GB:-9} free_gb
    while [ ! -d "$parent" ]; do parent=$(dirname "$parent"); done
    free_gb=$(df -Pk "$parent" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free_gb" -ge "$need_gb" ] ||
        die "$parent has $free_gb GB free and the installation needs about $need_gb;" \
            "set FCA2_VENV to a folder on another disk (or FCA2_MIN_GB=2 for a CPU-only torch index)"
}

# install_all DIR: the lean recipe. The hosts come last and without their own requirements: MMagic's
# break its import today, BasicSR's isolated build would download torch a second time.
install_all() {
    LOG=$1/install.log
    : >"$LOG"
    echo "==> installing into $1 (a few minutes, once; log: $LOG)"
    install_step 1/4 setuptools wheel
    install_step 2/4 torch torchvision
    install_step 3/4 --no-build-isolation -e "$ROOT[mmagic,basicsr,video,quickstart,export,dev]"
    install_step 4/4 --no-deps --no-build-isolation mmagic basicsr
    "$PY" -c 'import av, cv2, fca2_plugin, mmcv, mmengine, torch, torchvision' >>"$LOG" 2>&1 ||
        die "what was installed does not import, see the end of $LOG; remove $1 and run this again"
}

# install_step N/M PIP-ARGUMENTS
install_step() {
    echo "    $1  ${*:2}"
    "$PY" -m pip install --disable-pip-version-check --no-input -c "$ROOT/constraints.txt" "${@:2}" \
        >>"$LOG" 2>&1 && return
    if grep -q "No space left on device" "$LOG"; then
        die "the disk is full; set FCA2_VENV (and TMPDIR) to folders on another disk, log: $LOG"
    fi
    die "pip could not install this step ($(grep '^ERROR' "$LOG" | tail -n 1)); log: $LOG"
}
