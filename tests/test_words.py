"""One word, one meaning in every verb; an old option names the new one."""

import pytest

from fca2_plugin import cli

OLD = [
    ("evaluate", "--preset", "--weights"),
    ("evaluate", "--max-frames", "--chunk"),
    ("evaluate", "--overlap", "--context"),
    ("evaluate", "--workers", "--jobs"),
    ("upscale", "--preset", "--weights"),
    ("upscale", "--precision", "--dtype"),
    ("serve", "--preset", "--weights"),
    ("serve", "--precision", "--dtype"),
    ("upscale", "--encoder-preset", "--speed"),
    ("upscale", "--json", "--json-lines"),
    ("encode", "--preset", "--speed"),
    ("mfqe", "--preset", "--speed"),
]


SCRIPTS = [
    ("ablate", "--tables", "bash tools/ablate.sh"),
    ("export", "--table", "bash tools/export_table.sh"),
    ("benchmark", "--enhancer", "bash tools/enhancement_table.sh"),
    ("benchmark", "--data", "bash tools/groups_bound.sh JSON DATA"),
]


@pytest.mark.parametrize(("verb", "old", "new"), OLD)
def test_an_old_option_names_the_new_one(verb, old, new, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, "in", "out", old, "x"])
    assert ended.value.code == 2
    assert f"{old} is called {new} now; use that name" in capsys.readouterr().err


@pytest.mark.parametrize(("verb", "old", "script"), SCRIPTS)
def test_an_option_that_became_a_script_names_it(verb, old, script, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, old])
    assert ended.value.code == 2
    assert f" has become a script: {script}\n" in capsys.readouterr().err
