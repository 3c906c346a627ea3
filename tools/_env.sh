# The other scripts source this file to find or make their environment.
#
# If the user's own environment (an active venv or conda environment, or the python on the PATH) has
# everything that a script needs, the script uses it and never installs anything into it. Otherwise
# the scripts use a venv of their own: $FCA2_VENV, or .venv in the repository. A stamp file marks that
# venv and holds a checksum of everything that the installation depends on, so that a second run
# installs nothing, and the next run completes an interrupted one.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STAMP_NAME=.fca2-installed

# The settings of the scripts' own venv; use_oldest changes them.
OWN_VENV=${FCA2_VENV:-$ROOT/.venv}
CONSTRAINTS=$ROOT/constraints.txt
PYTHONS=(3.11 3.10 3.12)
EXTRAS=mmagic,basicsr,video,serve,quickstart,export,docs,dev
OPENCV=opencv-python

# use_oldest: use the oldest versions that setup.py allows, in a separate venv
use_oldest() {
    OWN_VENV=${FCA2_VENV_OLDEST:-$ROOT/.venv-oldest}
    CONSTRAINTS=$ROOT/constraints-oldest.txt
    PYTHONS=(3.10 3.11)
    EXTRAS=mmagic,basicsr,video,quickstart,dev # the export to ONNX needs a newer torch
    OPENCV=opencv-python-headless
}

# die SENTENCE: exit because the user has to change something
die() {
    echo "error: $*" >&2
    exit 2
}

# usage LINE: exit because the arguments are wrong
usage() {
    echo "usage: bash tools/$*" >&2
    exit 2
}

# find_env PYTHON MODULE ...: set PY to PYTHON if it exists and finds the modules
find_env() {
    local python
    python=$(command -v "$1") || return 1
    (cd / && "$python" -c 'import sys, importlib.util as util
sys.exit(not all(map(util.find_spec, sys.argv[1:])))' "${@:2}") 2>/dev/null || return 1
    PY=$python
}

# use_env: set PY to the Python of an existing environment
use_env() {
    local prefix
    # Python finds the plugin from any folder, installed or not, as with MMagic's scripts
    export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
    for prefix in "${VIRTUAL_ENV-}" "${FCA2_VENV-}" "${CONDA_PREFIX-}" "$ROOT/.venv"; do
        [ -z "$prefix" ] || ! find_env "$prefix/bin/python" torch || return 0
    done
    find_env python torch || find_env python3 torch ||
        die "found no environment with torch; activate yours (venv or conda), or let" \
            "bash tools/quickstart.sh or bash tools/run_tests.sh make one"
}

# ensure_env MODULE ...: set PY to the Python of an environment with these modules. This is the user's
# own environment if it has them and fca2_plugin installed, and otherwise the scripts' own venv.
ensure_env() {
    local prefix
    if [ -z "${FCA2_VENV-}" ] && ! is_ours "${VIRTUAL_ENV-}"; then
        for prefix in "${VIRTUAL_ENV-}" "${CONDA_PREFIX-}"; do
            [ -z "$prefix" ] || ! find_env "$prefix/bin/python" fca2_plugin "$@" || return 0
        done
        ! find_env python fca2_plugin "$@" || return 0
        [ -z "${VIRTUAL_ENV-}${CONDA_PREFIX-}" ] ||
            echo "==> the active environment lacks some of: fca2_plugin $*" >&2
    fi
    ensure_own_env
}

# ensure_own_env: set PY to the Python of the scripts' own venv, and install everything in it
ensure_own_env() {
    local venv=$OWN_VENV key
    [ -f "$ROOT/setup.py" ] ||
        die "only the scripts of a clone make an environment; here, activate one that has what is" \
            "needed (fca2 doctor names it)"
    if [ -z "${FCA2_VENV-}" ] && is_ours "${VIRTUAL_ENV-}"; then
        venv=$VIRTUAL_ENV
    fi
    PY=$venv/bin/python
    key=$(install_key)
    if [ -x "$PY" ] && [ "$(cat "$venv/$STAMP_NAME" 2>/dev/null)" = "$key" ]; then
        return
    fi
    make_venv "$venv"
    : >"$venv/$STAMP_NAME"
    install_all "$venv"
    echo "$key" >"$venv/$STAMP_NAME"
}

# is_ours DIR: succeed if these scripts made that environment
is_ours() {
    [ -n "$1" ] && [ -f "$1/$STAMP_NAME" ]
}

# install_key: print a checksum that changes when the installation must be checked again
install_key() {
    local files=(setup.py fca2_plugin/_requirements.py tools/_env.sh)
    { echo "$ROOT" && cat "$CONSTRAINTS" "${files[@]/#/$ROOT/}"; } | cksum
}

# is_usable PYTHON: succeed if it can make venvs and all pinned packages have wheels for its version
is_usable() {
    "$1" -c 'import sys, venv, ensurepip
sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1:])' "${PYTHONS[@]}" >/dev/null 2>&1
}

# wanted_python: print which Python versions is_usable accepts
wanted_python() {
    local versions
    printf -v versions ', %s' "${PYTHONS[@]}"
    echo "one of Python ${versions:2} with venv"
}

# find_python: print the first Python that is_usable accepts
find_python() {
    local candidate
    if [ -n "${PYTHON-}" ]; then
        is_usable "$PYTHON" || die "PYTHON=$PYTHON is not $(wanted_python)"
        echo "$PYTHON"
        return
    fi
    for candidate in "${PYTHONS[@]/#/python}" python3 python; do
        if is_usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "did not find $(wanted_python); install one" \
        "(Debian: apt install python${PYTHONS[0]}-venv) or set PYTHON to its path"
}

# make_venv DIR: make a venv, or complete one that an interrupted run left
make_venv() {
    local python
    if [ -e "$1/bin/python" ] && ! is_ours "$1"; then
        die "$1 was not made by these scripts, which install nothing into it; activate it with" \
            "fca2_plugin installed in it, or set FCA2_VENV to a new folder"
    fi
    if [ -x "$1/bin/python" ]; then
        is_usable "$1/bin/python" ||
            die "the Python of $1 is not $(wanted_python); remove that folder or set FCA2_VENV"
        "$1/bin/python" -m pip --version >/dev/null 2>&1 && return
        python=$1/bin/python
    else
        [ ! -L "$1/bin/python" ] || die "the Python that $1 was made with is gone; remove that folder"
        python=$(find_python)
    fi
    check_disk "$1"
    echo "==> making the environment $1 with $("$python" --version)"
    mkdir -p "$1"
    : >"$1/$STAMP_NAME"
    "$python" -m venv "$1" || die "$python could not make a venv in $1"
}

# check_disk DIR: check the free space; torch and its CUDA libraries need most of it
check_disk() {
    local parent=$1 need_gb=${FCA2_MIN_GB:-9} free_gb
    while [ ! -d "$parent" ]; do parent=$(dirname "$parent"); done
    free_gb=$(df -Pk "$parent" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free_gb" -ge "$need_gb" ] ||
        die "$parent has $free_gb GB free and the installation needs about $need_gb;" \
            "set FCA2_VENV to a folder on another disk (or FCA2_MIN_GB=2 for a CPU-only torch index)"
}

# install_all DIR: install everything. The hosts come last and without their own requirements;
# fca2_plugin/_requirements.py explains why.
install_all() {
    LOG=$1/install.log
    : >"$LOG"
    echo "==> installing into $1 (a few minutes, once; log: $LOG)"
    install_step 1/4 setuptools wheel
    install_step 2/4 torch torchvision
    install_step 3/4 --no-build-isolation -e "$ROOT[$EXTRAS]" "$OPENCV"
    install_step 4/4 --no-deps --no-build-isolation mmagic mmengine mmcv-lite basicsr scenedetect
    "$PY" -c 'import av, cv2, fca2_plugin, mmcv, mmengine, torch, torchvision' >>"$LOG" 2>&1 ||
        die "what was installed does not import, see the end of $LOG; remove $1 and run this again"
}

# install_step N/M PIP-ARGUMENTS
install_step() {
    echo "    $1  ${*:2}"
    "$PY" -m pip install --disable-pip-version-check --no-input -c "$CONSTRAINTS" "${@:2}" \
        >>"$LOG" 2>&1 && return
    if grep -q "No space left on device" "$LOG"; then
        die "the disk is full; set FCA2_VENV (and TMPDIR) to folders on another disk, log: $LOG"
    fi
    die "pip could not install this step ($(grep '^ERROR' "$LOG" | tail -n 1)); log: $LOG"
}
