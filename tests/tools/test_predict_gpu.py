"""Predicted speeds on a GPU: the figures of docs/performance.md."""

from tools.predict_gpu import main


def test_what_the_page_says(capsys):
    main(["--frames", "7"])
    alone, fast = (line.split() for line in capsys.readouterr().out.splitlines()[1:])
    assert alone[1:3] == ["alone", "2,215"] and alone[-2:] == ["1.00x", "1.00x"]
    assert fast[1:3] == ["fast", "1,437"] and fast[-2:] == ["1.61x", "1.96x"]
