"""The scripts: their arguments, and an installation with a Python and a pip that only pretend."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path.name for path in (ROOT / "tools").glob("*.sh"))
RECIPE = (
    "constraints.txt",
    "constraints-oldest.txt",
    "setup.py",
    "fca2_plugin/_requirements.py",
    "tools/_env.sh",
)
COMMANDS = "awk bash cat cksum df dirname grep mkdir tail touch".split()


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def script(name: str, *arguments: str | Path, **kwargs) -> subprocess.CompletedProcess:
    return run("bash", ROOT / "tools" / name, *arguments, **kwargs)


@pytest.mark.parametrize("path", [*(f"tools/{name}" for name in SCRIPTS), ".ci/run", ".ci/oldest"])
def test_syntax(path):
    done = run("bash", "-n", ROOT / path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("train.sh", "train.sh CONFIG [GPUS] [arguments]"),
        ("test.sh", "test.sh CONFIG CHECKPOINT [GPUS] [arguments]"),
        ("dist_train.sh", "dist_train.sh CONFIG GPUS [arguments]"),
        ("dist_test.sh", "dist_test.sh CONFIG CHECKPOINT GPUS [arguments]"),
        ("slurm_train.sh", "slurm_train.sh PARTITION JOB CONFIG WORK_DIR [arguments]"),
        ("slurm_test.sh", "slurm_test.sh PARTITION JOB CONFIG CHECKPOINT [arguments]"),
        ("build_docs.sh", "build_docs.sh OUT"),
        ("get_basicvsr.sh", "get_basicvsr.sh DIR"),
        ("make_pictures.sh", "make_pictures.sh VIDEO OUT [options]"),
        (
            "pretrained_table.sh",
            "pretrained_table.sh VID4 OUT [--frames N] [--weights DIR] [--device NAME]",
        ),
        ("groups_bound.sh", "groups_bound.sh JSON DATA"),
        ("small_table.sh", "small_table.sh VID4 OUT [mmagic|basicsr]"),
        (
            "upscale_corpus.sh",
            "upscale_corpus.sh OUT [--real PATH ...] [--only NAME ...] [--kills N] [--memory]",
        ),
        ("train_small.sh", "train_small.sh CLIPS [mmagic|basicsr] [CONFIG ...] [-- arguments]"),
        (
            "train_enhancement.sh",
            "train_enhancement.sh CLIPS TEST_CLIPS [mmagic|basicsr] [CONFIG ...] [-- arguments]",
        ),
    ],
)
def test_missing_arguments_print_the_usage(name, usage):
    done = script(name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"usage: bash tools/{usage}\n"


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("train.sh", ["no such.py"], "there is no config 'no such.py'"),
        (
            "train.sh",
            ["a.txt"],
            "'a.txt' is not a config; expected a .py of MMagic or a .yml of BasicSR",
        ),
        (
            "train.sh",
            ["a b.py", "two"],
            "GPUS is a number of processes per machine from 1, got 'two'",
        ),
        (
            "dist_train.sh",
            ["a b.py", "0"],
            "GPUS is a number of processes per machine from 1, got '0'",
        ),
        ("test.sh", ["a b.py", "no.pth"], "there is no checkpoint 'no.pth'"),
        ("dist_test.sh", ["a b.py", "no.pth", "2"], "there is no checkpoint 'no.pth'"),
        ("slurm_test.sh", ["p", "j", "a b.py", "no.pth"], "there is no checkpoint 'no.pth'"),
        ("small_table.sh", ["v", "out", "caffe"], "HOST is mmagic or basicsr, got 'caffe'"),
        (
            "small_table.sh",
            ["vid4", "out"],
            "there is no 'vid4'; give the folder of Vid4's ground truth",
        ),
        (
            "pretrained_table.sh",
            ["vid4", "out"],
            "there is no 'vid4'; give the folder of Vid4's ground truth",
        ),
        ("train_small.sh", ["clips", "caffe"], "HOST is mmagic or basicsr, got 'caffe'"),
        ("train_small.sh", ["clips", "mmagic", "vsr"], "configs/mmagic/small has no 'vsr'"),
        (
            "train_small.sh",
            ["no clips"],
            "there is no folder 'no clips' of videos; see configs/mmagic/small/README.md",
        ),
        ("train_enhancement.sh", ["a", "b", "caffe"], "HOST is mmagic or basicsr, got 'caffe'"),
        (
            "train_enhancement.sh",
            ["a", "b", "basicsr", "stdf"],
            "configs/basicsr/enhancement/small has no 'stdf'",
        ),
        (
            "train_enhancement.sh",
            [".", "no clips"],
            "there is no folder 'no clips' of videos; see configs/mmagic/enhancement/README.md",
        ),
    ],
)
def test_wrong_arguments_are_one_sentence(name, arguments, sentence, tmp_path):
    for file in "a b.py", "a.txt":
        (tmp_path / file).touch()
    done = script(name, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {sentence}\n"


NO_ENVIRONMENT = {"VIRTUAL_ENV": "", "CONDA_PREFIX": "", "FCA2_VENV": "", "FCA2_VENV_OLDEST": ""}


@pytest.fixture
def fake(tmp_path):
    """A repository of its own in a folder with a space, and a PATH of little but a fake Python."""
    return Fake(tmp_path)


class Fake:
    """A Python that writes its arguments to a log and makes venvs out of itself."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone"
        self.log = folder / "calls"
        self.bin = folder / "bin"
        self.bin.mkdir()
        shutil.copytree(ROOT / "tools", self.root / "tools")
        (self.root / "fca2_plugin").mkdir()
        for name in RECIPE:
            shutil.copy(ROOT / name, self.root / name)
        for name in COMMANDS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.python = self.bin / "python3.11"
        self.python.write_text(
            "#!/usr/bin/env bash\n"
            'case "$*" in *find_spec*)\n'  # a question about modules; a file beside it answers
            '  for module in "${@:3}"; do grep -qsx "$module" "${0%/*}/has" || exit 1; done\n'
            "  exit ;;\n"
            "esac\n"
            'echo "$*" >>"$FAKE_LOG"\n'
            'case "$*" in\n'
            '*"-m venv "*) mkdir -p "$3/bin"; cat "$0" >"$3/bin/python"\n'
            '  chmod +x "$3/bin/python" ;;\n'
            '*"pip install"*"${FAKE_FAIL:-never}"*) echo "ERROR: no route"; exit 1 ;;\n'
            "--version) echo Python 3.11.0 ;;\n"
            "esac\n"
        )
        self.python.chmod(0o755)
        (self.bin / "chmod").symlink_to(shutil.which("chmod"))
        (self.bin / "env").symlink_to(shutil.which("env"))

    def environment(self, folder: Path, *modules: str) -> Path:
        """An environment that somebody else made, with these modules."""
        (folder / "bin").mkdir(parents=True)
        shutil.copy(self.python, folder / "bin" / "python")
        (folder / "bin" / "has").write_text("\n".join(modules))
        return folder

    def ensure(self, command: str = "ensure_env", **environment: str):
        """Source the installer and run ``command``; return the result and the pip installs."""
        self.log.write_text("")
        done = run(
            "bash",
            "-c",
            f'set -euo pipefail; source "{self.root}/tools/_env.sh"; {command}; echo "PY=$PY"',
            **{
                "PATH": str(self.bin),
                "FAKE_LOG": str(self.log),
                **NO_ENVIRONMENT,
                "PYTHON": "",
                "FCA2_MIN_GB": "0",
                **environment,
            },
        )
        return done, [line for line in self.log.read_text().splitlines() if "pip install" in line]


def test_the_first_run_installs_and_the_second_does_not(fake):
    done, installs = fake.ensure()
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"PY={fake.root}/.venv/bin/python\n")
    assert len(installs) == 4
    assert all(f"-c {fake.root}/constraints.txt" in line for line in installs)
    assert "torch torchvision" in installs[1]
    assert "opencv-python" in installs[2]
    alone = "mmagic mmengine mmcv-lite basicsr scenedetect"
    assert f"--no-deps --no-build-isolation {alone}" in installs[3]
    done, installs = fake.ensure()
    assert (done.returncode, installs) == (0, [])
    assert fake.log.read_text() == ""  # not one Python was started


@pytest.mark.parametrize("file", [name for name in RECIPE if "oldest" not in name])
def test_a_changed_recipe_installs_again(fake, file):
    fake.ensure()
    with open(fake.root / file, "a", encoding="utf-8") as stream:
        stream.write("\n# changed\n")
    assert len(fake.ensure()[1]) == 4
    assert fake.ensure()[1] == []


def test_a_failed_installation_is_one_sentence_and_completed_by_the_next(fake):
    done, installs = fake.ensure(FAKE_FAIL="torchvision")
    assert done.returncode == 2
    log = fake.root / ".venv" / "install.log"
    assert done.stderr == f"error: pip could not install this step (ERROR: no route); log: {log}\n"
    assert len(installs) == 2
    done, installs = fake.ensure()
    assert (done.returncode, len(installs)) == (0, 4)


def test_fca2_venv_and_an_active_venv_of_the_scripts_are_used(fake, tmp_path):
    other = tmp_path / "other venv"
    done, _ = fake.ensure(FCA2_VENV=str(other))
    assert done.stdout.endswith(f"PY={other}/bin/python\n")
    assert not (fake.root / ".venv").exists()
    done, installs = fake.ensure(VIRTUAL_ENV=str(other))
    assert done.stdout == f"PY={other}/bin/python\n"
    assert installs == []


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_an_environment_of_the_user_is_used_and_never_changed(fake, tmp_path, variable):
    theirs = fake.environment(tmp_path / "theirs", "fca2_plugin", "torch", "av")
    done, installs = fake.ensure("ensure_env torch av", **{variable: str(theirs)})
    assert (done.stdout, installs) == (f"PY={theirs}/bin/python\n", [])
    # one module is missing there: it stays as it is, and a venv of our own is made
    done, installs = fake.ensure("ensure_env torch av pytest", **{variable: str(theirs)})
    assert done.stdout.endswith(f"PY={fake.root}/.venv/bin/python\n")
    assert len(installs) == 4
    assert {path.name for path in theirs.rglob("*")} == {"bin", "python", "has"}
    # not even where it is named as the place
    done, installs = fake.ensure(FCA2_VENV=str(theirs))
    assert (done.returncode, installs) == (2, [])
    assert done.stderr.startswith(f"error: {theirs} was not made by these scripts, which install")


def test_a_python_on_the_path_that_has_everything_is_used(fake):
    fake.environment(fake.bin / "env of", "fca2_plugin", "torch")
    path = f"{fake.bin}/env of/bin:{fake.bin}"
    done, installs = fake.ensure("ensure_env torch", PATH=path)
    assert (done.stdout, installs) == (f"PY={fake.bin}/env of/bin/python\n", [])


def test_the_oldest_versions_have_a_venv_of_their_own(fake, tmp_path):
    theirs = fake.environment(tmp_path / "theirs", "fca2_plugin", "torch")
    for oldest in ({}, {"FCA2_VENV_OLDEST": str(tmp_path / "old")}):
        where = oldest.get("FCA2_VENV_OLDEST", f"{fake.root}/.venv-oldest")
        command = "use_oldest; ensure_own_env"
        done, installs = fake.ensure(command, VIRTUAL_ENV=str(theirs), **oldest)
        assert done.stdout.endswith(f"PY={where}/bin/python\n")
        assert all(f"-c {fake.root}/constraints-oldest.txt" in line for line in installs)
        assert "opencv-python-headless" in installs[2]
        assert fake.ensure(command, **oldest)[1] == []


def test_without_a_clone_nothing_is_made(fake):
    (fake.root / "setup.py").unlink()
    done, installs = fake.ensure()
    assert (done.returncode, installs) == (2, [])
    assert done.stderr.startswith("error: only the scripts of a clone make an environment")


def test_no_python_no_disk_and_a_wrong_python_are_one_sentence(fake):
    done, _ = fake.ensure(FCA2_MIN_GB="999999")
    assert done.returncode == 2
    assert "GB free and the installation needs about 999999" in done.stderr
    done, _ = fake.ensure(PYTHON="no-such-python")
    assert done.returncode == 2
    assert (
        done.stderr
        == "error: PYTHON=no-such-python is not one of Python 3.11, 3.10, 3.12 with venv\n"
    )
    fake.python.unlink()
    done, _ = fake.ensure()
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: did not find one of Python 3.11, 3.10, 3.12 with venv; install one"
    )
    assert done.stderr.count("\n") == 1


def test_launchers_use_what_is_there_and_install_nothing(fake, tmp_path):
    done, _ = fake.ensure("use_env")
    assert done.returncode == 2
    assert done.stderr.startswith("error: found no environment with torch; activate yours")
    fake.environment(fake.root / ".venv", "torch")
    conda = fake.environment(tmp_path / "conda", "torch")
    bare = fake.environment(tmp_path / "bare")  # an active one without torch is passed over
    for active, used in (
        ({}, fake.root / ".venv"),
        ({"VIRTUAL_ENV": str(bare)}, fake.root / ".venv"),
        ({"CONDA_PREFIX": str(conda)}, conda),
        ({"CONDA_PREFIX": str(conda), "FCA2_VENV": str(fake.root / ".venv")}, fake.root / ".venv"),
        ({"VIRTUAL_ENV": str(conda), "FCA2_VENV": str(fake.root / ".venv")}, conda),
    ):
        done, installs = fake.ensure("use_env", **active)
        assert (done.stdout, installs) == (f"PY={used}/bin/python\n", [])


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("train.sh", ["a b.py", "--amp"], "-m fca2_plugin.mmagic.train a b.py --amp"),
        (
            "train.sh",
            ["a b.py", "2", "--amp"],
            "-m torch.distributed.run --nnodes=1 --node_rank=0 --master_addr=127.0.0.1 "
            "--master_port=29500 --nproc_per_node=2 -m fca2_plugin.mmagic.train a b.py --amp "
            "--launcher pytorch",
        ),
        (
            "dist_test.sh",
            ["a b.py", "c.pth", "4"],
            "-m torch.distributed.run --nnodes=1 --node_rank=0 --master_addr=127.0.0.1 "
            "--master_port=29500 --nproc_per_node=4 -m fca2_plugin.mmagic.test a b.py c.pth "
            "--launcher pytorch",
        ),
        (
            "test.sh",
            ["a b.py", "https://x/c.pth"],
            "-m fca2_plugin.mmagic.test a b.py https://x/c.pth",
        ),
        ("train.sh", ["a b.yml", "--resume"], "-m fca2_plugin.basicsr.train a b.yml --resume"),
        (
            "train.sh",
            ["fca2_plugin::mmagic/a.py"],
            "-m fca2_plugin.mmagic.train fca2_plugin::mmagic/a.py",
        ),
        (
            "dist_train.sh",
            ["c.yaml", "2", "--auto_resume"],
            "-m torch.distributed.run --nnodes=1 --node_rank=0 --master_addr=127.0.0.1 "
            "--master_port=29500 --nproc_per_node=2 -m fca2_plugin.basicsr.train c.yaml "
            "--auto_resume --launcher pytorch",
        ),
        (
            "test.sh",
            ["a b.yml", "c.pth", "--out", "m.json"],
            "-m fca2_plugin.basicsr.test a b.yml c.pth --out m.json",
        ),
        (
            "slurm_test.sh",
            ["gpu", "my job", "a b.yml", "c.pth"],
            "srun -p gpu --job-name=my job --gres=gpu:8 --ntasks=8 --ntasks-per-node=8 "
            "--cpus-per-task=5 --kill-on-bad-exit=1 --mem=9G --quiet PYTHON -u "
            "-m fca2_plugin.basicsr.test a b.yml c.pth --launcher slurm",
        ),
        (
            "slurm_train.sh",
            ["gpu", "my job", "a b.py", "out dir"],
            "srun -p gpu --job-name=my job --gres=gpu:8 --ntasks=8 --ntasks-per-node=8 "
            "--cpus-per-task=5 --kill-on-bad-exit=1 --mem=9G --quiet PYTHON -u "
            "-m fca2_plugin.mmagic.train a b.py --work-dir=out dir --launcher slurm",
        ),
    ],
)
def test_what_the_launchers_start(fake, tmp_path, name, arguments, command):
    fake.environment(fake.root / ".venv", "torch")
    for file in "a b.py", "a b.yml", "c.yaml", "c.pth":
        (tmp_path / file).touch()
    srun = fake.bin / "srun"
    srun.write_text('#!/usr/bin/env bash\necho "srun $*" >>"$FAKE_LOG"\n')
    srun.chmod(0o755)
    fake.log.write_text("")
    done = run(
        "bash",
        fake.root / "tools" / name,
        *arguments,
        cwd=tmp_path,
        PATH=str(fake.bin),
        FAKE_LOG=str(fake.log),
        **NO_ENVIRONMENT,
        SRUN_ARGS="--mem=9G --quiet",
    )
    assert done.returncode == 0, done.stderr
    python = str(fake.root / ".venv" / "bin" / "python")
    assert fake.log.read_text().strip().replace(python, "PYTHON") == command
