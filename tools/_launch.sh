# The launch scripts source this file: it decides which program runs a config and starts it.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"

# module_for CONFIG VERB: print the module that trains or tests such a config.
# Only this function knows the hosts' config formats.
module_for() {
    # the program itself finds a name like fca2_plugin::mmagic/tiny/tiny_basicvsr.py
    [ -f "$1" ] || [[ $1 == fca2_plugin::* ]] || die "there is no config '$1'"
    case $1 in
    *.py) echo "fca2_plugin.mmagic.$2" ;;
    *.yml | *.yaml) echo "fca2_plugin.basicsr.$2" ;;
    *) die "'$1' is not a config; expected a .py of MMagic or a .yml of BasicSR" ;;
    esac
}

# set_host NAME: set the host, the suffix of its configs, and the folder of its runs
set_host() {
    host=$1
    case $host in
    mmagic) suffix=py runs=work_dirs ;;
    basicsr) suffix=yml runs=experiments ;;
    *) die "HOST is mmagic or basicsr, got '$host'" ;;
    esac
}

# check_configs FAMILY CONFIG ...: check that the host has configs of these names
check_configs() {
    local family=$1 name
    for name in "${@:2}"; do
        [ -f "$ROOT/configs/$host/$family/$name.$suffix" ] || die "configs/$host/$family has no '$name'"
    done
}

# videos_folder DIR: print its absolute path, which stays valid after a change of folder
videos_folder() {
    [ -d "$1" ] || die "there is no folder '$1' of videos; see configs/mmagic/small/README.md"
    cd "$1" && pwd
}

# encode_clips FOLDER: make data/clips from the videos that configs/small_clips lists
encode_clips() {
    local split
    for split in train val; do
        encode_split "$1" $split "data/clips/$split" --codec x264 --crf 15 25 35
    done
}

# encode_real FOLDER: make data/real from them, like real video: other scalers, 4:2:0, other encoders
encode_real() {
    encode_split "$1" train data/real/area/train \
        --degradation area --codec x264 --crf 18 23 28 33 38 --pix-fmt yuv420p
    encode_split "$1" train data/real/bi/train --degradation bi --codec x265 vp9 --crf 22 32
}

# encode_split FOLDER SPLIT ROOT ARGUMENTS OF fca2 encode
encode_split() {
    local names
    mapfile -t names <"configs/small_clips/$2.txt"
    "$PY" -m fca2_plugin.cli encode "$1" "$3" "${@:4}" --clips "${names[@]}"
}

# take_rest ARGUMENTS: set args and, after a --, training: the arguments for each tools/train.sh
take_rest() {
    args=() training=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        args+=("$1")
        shift
    done
    [ $# -eq 0 ] || training=("${@:2}")
}

# train_and_test FAMILY CONFIG ...: train with the host's resume, which does nothing if the last
# iteration is finished, then test
train_and_test() {
    local family=$1 name config resume
    for name in "${@:2}"; do
        config=configs/$host/$family/$name.$suffix
        resume=()
        [ ! -d "$runs/$name" ] || resume=(--resume)
        bash tools/train.sh "$config" ${resume[@]+"${resume[@]}"} ${training[@]+"${training[@]}"}
        bash tools/test.sh "$config" "$runs/$name"
    done
}

# check_checkpoint FILE: check for a file, the folder of a run, or a URL that the host downloads
check_checkpoint() {
    case $1 in
    *://*) ;;
    *) [ -e "$1" ] || die "there is no checkpoint '$1'" ;;
    esac
}

# check_gpus N: check that N is a positive number
check_gpus() {
    [[ $1 =~ ^[1-9][0-9]*$ ]] || die "GPUS is a number of processes per machine from 1, got '$1'"
}

# run_one MODULE ARGUMENTS: run one process
run_one() {
    use_env
    exec "$PY" -m "$@"
}

# run_dist GPUS MODULE ARGUMENTS: run torchrun with the environment variables of MMagic's scripts
run_dist() {
    local gpus=$1
    shift
    use_env
    exec "$PY" -m torch.distributed.run \
        --nnodes="${NNODES:-1}" \
        --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" \
        --master_port="${PORT:-29500}" \
        --nproc_per_node="$gpus" \
        -m "$@" --launcher pytorch
}

# run_slurm PARTITION JOB MODULE ARGUMENTS: run srun with the environment variables of MMagic's scripts
run_slurm() {
    local partition=$1 job=$2 srun_args
    shift 2
    command -v srun >/dev/null || die "there is no srun here; start this on a Slurm login node"
    use_env
    read -ra srun_args <<<"${SRUN_ARGS:-}"
    export MASTER_PORT=${MASTER_PORT:-$((12000 + RANDOM % 20000))}
    exec srun -p "$partition" \
        --job-name="$job" \
        --gres="gpu:${GPUS_PER_NODE:-8}" \
        --ntasks="${GPUS:-8}" \
        --ntasks-per-node="${GPUS_PER_NODE:-8}" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" \
        --kill-on-bad-exit=1 \
        ${srun_args[@]+"${srun_args[@]}"} \
        "$PY" -u -m "$@" --launcher slurm
}
