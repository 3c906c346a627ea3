"""The scripts: their arguments, and an installation with a Python and a pip that only pretend."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path.name for path in (ROOT / "tools").glob("*.sh"))
COMMANDS = "awk bash cat cksum df dirname grep mkdir rm tail touch".split()


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


@pytest.mark.parametrize("path", [*(f"tools/{name}" for name in SCRIPTS), ".ci/run"])
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
        ("get_basicvsr.sh", "get_basicvsr.sh DIR"),
        (
            "pretrained_table.sh",
            "pretrained_table.sh VID4 OUT [--frames N] [--weights DIR] [--device NAME]",
        ),
        ("small_table.sh", "small_table.sh VID4 OUT [mmagic|basicsr]"),
        (
            "upscale_corpus.sh",
            "upscale_corpus.sh OUT [--real PATH ...] [--only NAME ...] [--kills N] [--memory]",
        ),
        ("train_small.sh", "train_small.sh CLIPS [mmagic|basicsr] [CONFIG ...]"),
        (
            "train_enhancement.sh",
            "train_enhancement.sh CLIPS TEST_CLIPS [mmagic|basicsr] [CONFIG ...]",
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
            "'a.txt' is no config; expected a .py of MMagic or a .yml of BasicSR",
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
        for name in "constraints.txt", "setup.py":
            shutil.copy(ROOT / name, self.root)
        for name in COMMANDS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.python = self.bin / "python3.11"
        self.python.write_text(
            "#!/usr/bin/env bash\n"
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
                "VIRTUAL_ENV": "",
                "FCA2_VENV": "",
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
    assert "--no-deps --no-build-isolation mmagic basicsr" in installs[3]
    done, installs = fake.ensure()
    assert (done.returncode, installs) == (0, [])
    assert fake.log.read_text() == ""  # not one Python was started


@pytest.mark.parametrize("file", ["constraints.txt", "setup.py", "tools/_env.sh"])
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


def test_fca2_venv_and_an_active_installed_venv_are_used(fake, tmp_path):
    other = tmp_path / "other venv"
    done, _ = fake.ensure(FCA2_VENV=str(other))
    assert done.stdout.endswith(f"PY={other}/bin/python\n")
    assert not (fake.root / ".venv").exists()
    done, installs = fake.ensure(VIRTUAL_ENV=str(other))
    assert done.stdout == f"PY={other}/bin/python\n"
    assert installs == []
    foreign = tmp_path / "foreign"  # a venv that is not ours stays as it is
    foreign.mkdir()
    done, _ = fake.ensure(VIRTUAL_ENV=str(foreign))
    assert done.stdout.endswith(f"PY={fake.root}/.venv/bin/python\n")
    assert list(foreign.iterdir()) == []


def test_no_python_no_disk_and_a_wrong_python_are_one_sentence(fake):
    done, _ = fake.ensure(FCA2_MIN_GB="999999")
    assert done.returncode == 2
    assert "GB free and the installation needs about 999999" in done.stderr
    done, _ = fake.ensure(PYTHON="no-such-python")
    assert done.returncode == 2
    assert (
        done.stderr == "error: PYTHON=no-such-python is not a Python 3.10, 3.11 or 3.12 with venv\n"
    )
    fake.python.unlink()
    done, _ = fake.ensure()
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: found no Python 3.10, 3.11 or 3.12 with venv; install one"
    )
    assert done.stderr.count("\n") == 1


def test_launchers_use_what_is_there_and_install_nothing(fake, tmp_path):
    done, _ = fake.ensure("use_env")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: there is no environment yet; run bash tools/quickstart.sh"
    )
    fake.ensure()
    done, installs = fake.ensure("use_env")
    assert (done.stdout, installs) == (f"PY={fake.root}/.venv/bin/python\n", [])


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
    fake.ensure()
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
        VIRTUAL_ENV="",
        FCA2_VENV="",
        SRUN_ARGS="--mem=9G --quiet",
    )
    assert done.returncode == 0, done.stderr
    python = str(fake.root / ".venv" / "bin" / "python")
    assert fake.log.read_text().strip().replace(python, "PYTHON") == command
