"""The printed tables of the papers, read from ``papers.json``, which says what is in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

__all__ = [
    "COUNTED",
    "DATASETS",
    "NETWORK_NAMES",
    "TABLES",
    "PaperRow",
    "PaperTable",
    "clip_mean",
    "method_key",
]

Figure = tuple[float, ...]  # one, or PSNR and SSIM
ROUNDING = 0.02  # dB that rounding can explain


@dataclass(frozen=True)
class PaperRow:
    """A printed row: the method or the setting, and its cells by the keys of their columns."""

    name: str
    cells: Mapping[str, Figure]


@dataclass(frozen=True)
class PaperTable:
    """A printed table.

    Args:
        key: Such as ``fca2-1``.
        name: Such as ``FCA² Table I``.
        about: What was measured on what.
        columns: Heads by key, as the data file says.
        rows: As printed; a method or a setting each.
        dataset: ``vid4``, ``reds4`` or ``mfqe``: whose results have a row here.
        methods_across: In print the methods are columns.
        config_rows: Row (from 1) of a config on a data set, by a pattern of ``config@dataset``.
        methods: Which methods have a row here: ``all``, the ``known`` ones that print has, or
            ``none``.
        lq_sizes: Of the frames whose times belong here.
        notes: The text below it.
    """

    key: str
    name: str
    about: str
    columns: Mapping[str, str]
    rows: tuple[PaperRow, ...]
    dataset: str
    methods_across: bool
    config_rows: Mapping[str, int]
    methods: str
    lq_sizes: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]

    def row(self, name: str) -> PaperRow | None:
        """The row whose name means the same."""
        key = method_key(name)
        return next((row for row in self.rows if method_key(row.name) == key), None)


def method_key(name: str) -> str:
    """What is the same in ``FCA² + BasicVSR++``, ``fca2+basicvsr-pp`` and ``FCA2 BasicVSRPP``."""
    name = name.lower().replace("²", "2").replace("fca2+", "fca2 ").replace("++", "pp")
    return "".join(letter for letter in name.replace("plusplus", "pp") if letter.isalnum())


def clip_mean(row: PaperRow, column: str) -> float | None:
    """The mean PSNR of a row's printed clips, where the printed mean is another one."""
    printed = row.cells[column][0]
    clips = [cell[0] for key, cell in row.cells.items() if key.startswith(f"{column}:")]
    mean = fmean(clips) if clips else printed
    return mean if abs(mean - printed) > ROUNDING else None


def _cell(figure: float | list[float]) -> Figure:
    return tuple(figure) if isinstance(figure, list) else (figure,)


def _table(shared_notes: Mapping[str, str], values: Mapping) -> PaperTable:
    columns = dict(values["columns"])
    typed = {
        "columns": columns,
        "rows": tuple(
            PaperRow(name, dict(zip(columns, map(_cell, figures), strict=True)))
            for name, *figures in values["rows"]
        ),
        "lq_sizes": tuple(map(tuple, values["lq_sizes"])),
        "notes": tuple(shared_notes.get(note, note) for note in values["notes"]),
    }
    return PaperTable(**{**values, **typed})


_DATA = json.loads(Path(__file__).with_name("papers.json").read_text(encoding="utf-8"))
#: Name in the papers' tables by the class of a host's network.
NETWORK_NAMES: Mapping[str, str] = _DATA["network_names"]
#: Parameters in millions, counted on the published network, where the print is wrong.
COUNTED: Mapping[str, float] = _DATA["counted"]
#: Clips of each data set, and the protocol that measures what its tables print.
DATASETS: Mapping[str, Mapping] = _DATA["datasets"]
TABLES = {values["key"]: _table(_DATA["notes"], values) for values in _DATA["tables"]}
