"""The ``fca2`` command and its doctor."""

import importlib
import json
import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from fca2_plugin import __version__, cli
from fca2_plugin._errors import run_command
from fca2_plugin.apps import doctor
from fca2_plugin.apps.doctor import Finding, examine, hosts_work, render
from tests.conftest import require_host, run_python


def fail_with(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    "error",
    [
        ValueError("n_subs is 0,\n   expected at least 1"),
        FileNotFoundError("n_subs is 0, expected at least 1"),
        ModuleNotFoundError("n_subs is 0, expected at least 1"),
        TypeError("n_subs is 0, expected at least 1"),
        KeyError("n_subs is 0, expected at least 1"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(error, capsys):
    assert run_command(fail_with(error)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: n_subs is 0, expected at least 1 (--debug shows where)\n"


def test_debug_and_faults_show_themselves():
    with pytest.raises(ValueError, match="wrong"):
        run_command(fail_with(ValueError("wrong")), debug=True)
    with pytest.raises(ZeroDivisionError):
        run_command(fail_with(ZeroDivisionError()))


def test_interrupting_is_no_traceback(capsys):
    assert run_command(fail_with(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_version_and_help(capsys):
    for arguments, expected in (["--version"], __version__), (["--help"], "doctor"):
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        assert stop.value.code == 0
        assert expected in capsys.readouterr().out


def test_every_module_of_the_command_line_is_a_verb():
    names = {path.stem for path in Path(cli.__file__).parent.glob("[a-z]*.py")}
    assert names == set(cli.VERBS)


def test_help_lists_the_commands_by_task(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    places = [lines.index(f"{group}:") for group in cli.GROUPS]
    for start, stop, verbs in zip(places, [*places[1:], None], cli.GROUPS.values(), strict=True):
        listed = [line.split()[0] for line in lines[start:stop] if line[:3].strip()][1:]
        assert [word for word in listed if word in cli.VERBS] == list(verbs)


@pytest.mark.parametrize("verb", cli.VERBS)
def test_each_help_ends_with_an_example_that_the_command_understands(verb, capsys):
    with pytest.raises(SystemExit):
        cli.main([verb, "--help"])
    module = importlib.import_module(f"fca2_plugin.cli.{verb}")
    assert capsys.readouterr().out.endswith(f"example:\n  {module.EXAMPLE}\n")
    program, *arguments = shlex.split(module.EXAMPLE)
    assert program == "fca2"
    assert cli.make_parser().parse_args(arguments).verb == verb


@pytest.mark.parametrize("name", ["mmagic.train", "mmagic.test", "basicsr.train", "basicsr.test"])
def test_each_help_of_the_hosts_ends_with_an_example(name, capsys):
    require_host(name.partition(".")[0])
    with pytest.raises(SystemExit):
        importlib.import_module(f"fca2_plugin.{name}").main(["--help"])
    assert f"example: python -m fca2_plugin.{name} my_config" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["no-such-verb"], ["doctor", "--no-such-option"]])
def test_a_wrong_command_line_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "fca2" in capsys.readouterr().err


def test_the_command_starts_without_torch():
    run_python("import sys, fca2_plugin.cli; assert 'torch' not in sys.modules")


FINE = [
    Finding("torch", True),
    Finding("mmagic", True, {"mmagic": "1.2.0"}),
    Finding("basicsr", True),
]
BROKEN = [Finding("mmagic", True), Finding("basicsr", False, error="no [basicsr]", fix="pip it")]


@pytest.mark.parametrize(("findings", "code"), [(FINE, 0), (BROKEN, 1)])
def test_doctor_ends_with_1_if_a_host_fails(findings, code, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    path = tmp_path / "doctor.json"
    assert cli.main(["doctor", "--json", str(path)]) == code
    assert "mmagic    works" in capsys.readouterr().out
    assert [part["name"] for part in json.loads(path.read_text())] == [
        finding.name for finding in findings
    ]
    assert hosts_work(findings) == (code == 0)


def test_the_text_names_what_is_broken_and_the_line_that_mends_it():
    line = "python -m pip install " + " ".join(["lmdb"] * 40)
    broken = Finding("basicsr", False, {"basicsr": None}, ["a shim"], "no [basicsr]", line)
    assert render([FINE[1], broken], 60).splitlines() == [
        "mmagic    works",
        "          mmagic 1.2.0",
        "basicsr   does not work: no [basicsr]",
        "          a shim",
        "",
        "To mend it:",
        f"basicsr: {line}",
    ]
    assert render(FINE).splitlines() == ["torch     works", *render(FINE[1:]).splitlines()]


def test_the_doctor_works_where_everything_else_is_missing(tmp_path):
    venv.create(tmp_path / "bare")  # without pip and packages
    done = subprocess.run(
        [tmp_path / "bare/bin/python", "-m", "fca2_plugin.cli", "doctor"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )
    assert (done.returncode, done.stderr) == (1, "")
    text, _, fixes = done.stdout.partition("To mend it:")
    assert text.count("does not work") == 5
    names = [line.partition(":")[0] for line in fixes.strip().splitlines()]
    assert names == ["torch", "opencv", "video", "mmagic", "basicsr"]
    for required in ("torch", "jinja2", "rich", "safetensors"):
        assert required in fixes.splitlines()[1]


def test_a_host_that_crashes_does_not_take_the_doctor_along(tmp_path, monkeypatch):
    (tmp_path / "mmcv.py").write_text("import os; os._exit(11)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "_PROBED", ("mmagic",))
    finding = examine()[-1]
    assert not finding.works
    assert "code 11" in finding.error
    assert "pip install" in finding.fix


def test_only_what_needs_torch_imports_it():
    """It takes seconds, and the doctor tries every part in a process of its own."""
    code = "import sys; from fca2_plugin.compat.probe import probe; probe(sys.argv[1])"
    for part in ("opencv", "video"):
        run_python(f"{code}; assert 'torch' not in sys.modules", part)


@pytest.mark.mmagic
def test_a_host_that_fails_to_import_is_explained(tmp_path, monkeypatch):
    require_host("mmagic")
    (tmp_path / "mmengine.py").write_text("raise RuntimeError('too new for you')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "_PROBED", ("mmagic",))
    finding = examine()[-1]
    assert not finding.works
    assert finding.error == "RuntimeError: too new for you"
    assert finding.versions["mmagic"]


@pytest.mark.slow
@pytest.mark.mmagic
@pytest.mark.basicsr
def test_both_hosts_work_here():
    require_host("mmagic")
    require_host("basicsr")
    findings = {finding.name: finding for finding in examine()}
    assert list(findings) == ["python", "torch", "opencv", "video", "mmagic", "basicsr"]
    assert findings["python"].details == [sys.executable]
    for finding in findings.values():
        assert finding.works, finding.error
        assert finding.fix is None
