"""The tables of the two papers as data: figures and names, for our own to stand beside.

FCA² is Wang et al., "Frame Compression-Aware Autoencoder for Modular and Fast Compressed Video
Super-Resolution"; TGAFNet is Zhu et al., "Compressed Video Quality Enhancement with Temporal Group
Alignment and Fusion" (SPL 2024). Figures are as printed, misprints included; what is known to
disagree with them stands in ``paper_notes``. Where a paper prints PSNR and SSIM in one column or
in two, a cell here holds both.

A column's key says what it holds: ``params_m``, ``params_k``, ``ms``, ``gflops``, ``fps:<class>``,
``<condition>`` for a mean over clips, ``<condition>:<clip>`` for one clip, ``""`` for the only
condition there is.
"""

from dataclasses import dataclass

__all__ = ["NETWORK_NAMES", "TABLES", "Cell", "PaperTable", "Row", "method_key"]

Cell = tuple[float, ...] | None
"""One figure, or PSNR and SSIM; None where nothing is printed."""


@dataclass(frozen=True)
class Row:
    """A printed row.

    Args:
        name: Of the method or the setting.
        cells: In the order of the table's columns.
    """

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class PaperTable:
    """A printed table.

    Args:
        key: Such as ``fca2-1``.
        name: Such as ``FCA² Table I``.
        about: What was measured on what.
        columns: Keys, as the module says, and heads.
        rows: As printed; a method or a setting each.
        dataset: ``vid4``, ``reds4`` or ``mfqe``: whose results have a row here.
        methods_across: In print the methods are columns.
    """

    key: str
    name: str
    about: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    dataset: str
    methods_across: bool = False

    def row(self, name: str) -> Row | None:
        """The row whose name means the same."""
        key = method_key(name)
        return next((row for row in self.rows if method_key(row.name) == key), None)


#: The class of a host's network by the name that the papers' tables give it.
NETWORK_NAMES = {
    "BasicVSRNet": "BasicVSR",
    "BasicVSRPlusPlusNet": "BasicVSR++",
    "BasicVSRPlusPlus": "BasicVSR++",
    "IconVSRNet": "IconVSR",
    "RealBasicVSRNet": "RealBasicVSR",
    "EDVRNet": "EDVR",
}


def method_key(name: str) -> str:
    """What is the same in ``FCA² + BasicVSR++``, ``fca2+basicvsr-pp`` and ``FCA2 BasicVSRPP``."""
    name = name.lower().replace("²", "2").replace("fca2+", "fca2 ").replace("++", "pp")
    name = name.replace("plusplus", "pp")
    return "".join(letter for letter in name if letter.isalnum())


def _cell(text: str) -> Cell:
    return None if text == "-" else tuple(float(part) for part in text.split("/"))


def _rows(text: str) -> tuple[Row, ...]:
    """Lines of ``name | cell | cell ...``."""
    rows = []
    for line in text.strip().splitlines():
        name, *cells = (part.strip() for part in line.split("|"))
        rows.append(Row(name, tuple(map(_cell, cells))))
    return tuple(rows)


def _across(names: str, text: str) -> tuple[Row, ...]:
    """The same, where the printed columns are the methods."""
    lines = _rows(text)
    return tuple(
        Row(name.strip(), tuple(line.cells[index] for line in lines))
        for index, name in enumerate(names.split("|"))
    )


def _clip_columns(clips: str, condition: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{condition}:{clip}", f"{clip}, CRF\N{NO-BREAK SPACE}25") for clip in clips.split()
    )


_MEANS = tuple((f"crf{crf}", f"mean, CRF\N{NO-BREAK SPACE}{crf}") for crf in (15, 25, 35))
_COST = (("params_m", "parameters, M"), ("ms", "ms per frame"))

_FCA2_1 = PaperTable(
    "fca2-1",
    "FCA² Table I",
    "4x super-resolution of compressed Vid4; PSNR in dB / SSIM on Y",
    (*_COST, *_clip_columns("calendar city foliage walk", "crf25"), *_MEANS),
    _rows("""
EDVR              | 20.6 | 328 | 21.69/0.672 | 25.82/0.644 | 22.01/0.559 | 27.27/0.799 | 25.95/0.794 | 24.51/0.677 | 22.09/0.539
BasicVSR          | 5.9  | 67  | 22.06/0.687 | 25.82/0.655 | 22.62/0.577 | 27.00/0.799 | 26.03/0.795 | 24.37/0.679 | 22.23/0.526
IconVSR           | 8.7  | 85  | 21.36/0.634 | 25.45/0.624 | 23.89/0.597 | 25.58/0.790 | 25.79/0.739 | 24.32/0.661 | 22.27/0.529
BasicVSR++        | 7.3  | 99  | 22.00/0.672 | 25.90/0.658 | 23.91/0.609 | 27.23/0.804 | 26.39/0.802 | 24.71/0.689 | 22.29/0.529
RealBasicVSR      | 6.3  | 77  | 22.05/0.715 | 26.01/0.685 | 23.30/0.602 | 26.91/0.813 | 26.34/0.803 | 24.57/0.713 | 22.55/0.568
COMISR            | 6.2  | 88  | 21.99/0.695 | 26.00/0.689 | 23.44/0.612 | 26.80/0.803 | 26.44/0.805 | 24.67/0.709 | 22.35/0.544
FTVSR             | 10.8 | 428 | 22.44/0.730 | 26.34/0.700 | 23.94/0.632 | 27.81/0.831 | 26.95/0.821 | 25.24/0.728 | 22.66/0.565
STDF + BasicVSR   | 7.0  | 78  | 21.88/0.684 | 25.86/0.656 | 23.50/0.606 | 27.09/0.799 | 26.44/0.808 | 24.58/0.686 | 22.27/0.528
STDF + BasicVSR++ | 8.4  | 119 | 22.01/0.672 | 25.93/0.660 | 23.88/0.609 | 27.33/0.809 | 26.49/0.812 | 24.73/0.681 | 22.28/0.528
STDF + FTVSR      | 11.9 | 458 | 22.01/0.671 | 25.81/0.650 | 24.19/0.619 | 26.77/0.777 | 26.81/0.801 | 24.71/0.686 | 22.28/0.529
FCA² + BasicVSR   | 9.2  | 33  | 22.05/0.675 | 25.78/0.650 | 24.14/0.617 | 26.97/0.798 | 26.78/0.804 | 24.74/0.685 | 22.29/0.529
FCA² + BasicVSR++ | 10.6 | 57  | 22.14/0.678 | 25.81/0.651 | 24.19/0.621 | 26.99/0.798 | 27.01/0.813 | 24.78/0.687 | 22.29/0.529
FCA² + FTVSR      | 14.1 | 111 | 22.08/0.675 | 25.80/0.651 | 24.17/0.618 | 26.97/0.797 | 26.86/0.808 | 24.75/0.685 | 22.28/0.529
"""),  # noqa: E501
    "vid4",
)

_FCA2_2 = PaperTable(
    "fca2-2",
    "FCA² Table II",
    "4x super-resolution of compressed REDS4; PSNR in dB / SSIM on Y",
    (*_COST, *_clip_columns("000 011 015 020", "crf25"), *_MEANS),
    _rows("""
EDVR              | 20.6 | 385 | 24.38/0.629 | 26.01/0.702 | 28.30/0.783 | 25.21/0.708 | 28.72/0.805 | 25.98/0.706 | 23.36/0.600
BasicVSR          | 5.9  | 78  | 24.37/0.628 | 26.01/0.702 | 28.13/0.777 | 25.21/0.709 | 29.05/0.814 | 25.93/0.704 | 23.22/0.596
IconVSR           | 8.7  | 93  | 24.35/0.627 | 26.00/0.702 | 28.16/0.777 | 25.22/0.709 | 29.10/0.816 | 25.93/0.704 | 23.22/0.596
BasicVSR++        | 7.3  | 108 | 24.88/0.650 | 26.11/0.710 | 28.98/0.788 | 25.25/0.710 | 29.20/0.815 | 25.96/0.705 | 23.30/0.600
RealBasicVSR      | 6.3  | 80  | 25.12/0.671 | 26.88/0.730 | 29.00/0.800 | 25.88/0.752 | 29.31/0.814 | 26.55/0.730 | 23.68/0.610
COMISR            | 6.2  | 98  | 24.76/0.660 | 26.54/0.722 | 29.14/0.805 | 25.44/0.724 | 28.40/0.809 | 26.47/0.728 | 23.56/0.599
FTVSR             | 10.8 | 489 | 26.06/0.703 | 28.71/0.779 | 30.17/0.839 | 27.26/0.782 | 30.51/0.853 | 28.05/0.776 | 24.82/0.657
STDF + BasicVSR   | 7.0  | 86  | 24.40/0.622 | 26.11/0.705 | 28.15/0.777 | 25.30/0.710 | 29.05/0.815 | 25.96/0.705 | 23.28/0.599
STDF + BasicVSR++ | 8.4  | 135 | 25.00/0.660 | 26.21/0.715 | 29.01/0.805 | 25.77/0.748 | 29.25/0.815 | 26.00/0.710 | 23.50/0.609
STDF + FTVSR      | 11.9 | 531 | 25.88/0.695 | 28.25/0.751 | 29.85/0.822 | 26.58/0.750 | 28.82/0.810 | 27.71/0.750 | 24.48/0.640
FCA² + BasicVSR   | 9.2  | 37  | 25.55/0.670 | 27.11/0.740 | 29.22/0.810 | 26.35/0.758 | 29.25/0.810 | 27.00/0.748 | 24.14/0.622
FCA² + BasicVSR++ | 10.6 | 59  | 26.37/0.687 | 28.47/0.780 | 30.78/0.859 | 27.22/0.762 | 29.58/0.820 | 28.19/0.772 | 25.70/0.693
FCA² + FTVSR      | 14.1 | 120 | 26.21/0.685 | 28.26/0.767 | 31.02/0.856 | 26.91/0.758 | 29.44/0.831 | 28.11/0.767 | 25.74/0.690
"""),  # noqa: E501
    "reds4",
)

_RECONSTRUCTION = (("", "PSNR / SSIM"),)

_FCA2_3 = PaperTable(
    "fca2-3",
    "FCA² Table III",
    "modules of the autoencoder, which rebuilds Vid4 from its codes (no super-resolution)",
    _RECONSTRUCTION,
    _rows("""
nothing                         | 27.84/0.870
grouping                        | 37.41/0.974
grouping, flow                  | 42.79/0.994
grouping, color                 | 39.79/0.982
grouping, flow, color           | 45.86/0.996
"""),
    "vid4",
)

_FCA2_4 = PaperTable(
    "fca2-4",
    "FCA² Table IV",
    "encoder of FCA² around BasicVSR++, compressed Vid4 at CRF 15",
    (("crf15", "PSNR / SSIM"), ("ms", "ms per frame")),
    _rows("""
no encoding, no cleaning        | 26.39/0.802 | 99
frame encoding                  | 26.79/0.805 | 50
CRF cleaning                    | 26.58/0.808 | 106
frame encoding and CRF cleaning | 27.01/0.813 | 57
"""),
    "vid4",
)

_FCA2_5 = PaperTable(
    "fca2-5",
    "FCA² Table V",
    "training mode, FCA² around BasicVSR++, compressed Vid4; PSNR in dB / SSIM on Y",
    _MEANS,
    _rows("""
pre-training                    | 27.01/0.813 | 24.78/0.687 | 22.29/0.529
joint training                  | 25.70/0.757 | 23.79/0.668 | 22.25/0.529
pre-training and joint training | 26.86/0.808 | 24.75/0.685 | 22.28/0.529
"""),
    "vid4",
)

_FCA2_6 = PaperTable(
    "fca2-6",
    "FCA² Table VI",
    "channels of a group and overlap, Vid4 rebuilt from its codes; the time is of BasicVSR inside",
    (*_RECONSTRUCTION, ("ms", "ms per frame")),
    _rows("""
n_subs 6, n_ovls 0              | 46.15/0.999 | 44
n_subs 6, n_ovls 2              | 47.99/0.999 | 45
n_subs 9, n_ovls 0              | 43.75/0.995 | 30
n_subs 9, n_ovls 3              | 45.86/0.996 | 33
n_subs 12, n_ovls 4             | 37.24/0.974 | 29
n_subs 18, n_ovls 8             | 33.11/0.966 | 22
"""),
    "vid4",
)

_FCA2_7 = PaperTable(
    "fca2-7",
    "FCA² Table VII",
    "place of the color correction, Vid4 rebuilt from its codes",
    _RECONSTRUCTION,
    _rows("""
none                            | 42.79/0.994
encoder                         | 37.51/0.966
decoder                         | 45.86/0.996
encoder and decoder             | 40.57/0.972
"""),
    "vid4",
)

_FCA2_8 = PaperTable(
    "fca2-8",
    "FCA² Table VIII",
    "the autoencoder on another data set than it was trained on",
    _RECONSTRUCTION,
    _rows("""
trained on Vimeo-90K, tested on REDS4 | 45.52/0.995
trained on REDS, tested on Vid4       | 44.17/0.994
"""),
    "vid4 reds4",
)

_TGAF_METHODS = "DCAD | MFQE | MFQE2.0 | STDF-R3L | RFDA | CF-STIF | TGAFNet"

_TGAF_1 = PaperTable(
    "tgafnet-1",
    "TGAFNet Table I",
    "quality enhancement of HM-coded video; ΔPSNR in dB / ΔSSIM in 1e-4 on Y",
    tuple(
        (f"qp37:{clip}", f"{clip}, QP\N{NO-BREAK SPACE}37")
        for clip in (
            "Traffic PeopleOnStreet Kimono ParkScene Cactus BQTerrace BasketballDrive RaceHorses_C "
            "BQMall PartyScene BasketballDrill RaceHorses_D BQSquare BlowingBubbles BasketballPass "
            "FourPeople Johnny KristenAndSara"
        ).split()
    )
    + tuple((f"qp{qp}", f"mean, QP\N{NO-BREAK SPACE}{qp}") for qp in (37, 42, 32, 27, 22)),
    _across(
        _TGAF_METHODS,
        """
Traffic         | 0.31/67  | 0.50/90  | 0.59/102 | 0.74/122 | 0.80/128 | 0.78/126 | 0.84/132
PeopleOnStreet  | 0.50/95  | 0.80/137 | 0.92/157 | 1.25/202 | 1.44/222 | 1.40/216 | 1.53/233
Kimono          | 0.28/78  | 0.50/113 | 0.55/118 | 0.91/173 | 1.02/186 | 0.99/181 | 1.06/194
ParkScene       | 0.16/50  | 0.39/103 | 0.46/123 | 0.61/145 | 0.64/158 | 0.65/160 | 0.71/179
Cactus          | 0.26/58  | 0.44/88  | 0.50/100 | 0.77/142 | 0.83/149 | 0.83/150 | 0.82/152
BQTerrace       | 0.28/50  | 0.27/48  | 0.40/67  | 0.63/105 | 0.65/106 | 0.71/117 | 0.68/116
BasketballDrive | 0.31/68  | 0.41/80  | 0.47/83  | 0.80/134 | 0.87/140 | 0.88/143 | 0.92/150
RaceHorses C    | 0.28/65  | 0.34/55  | 0.39/80  | 0.52/116 | 0.48/123 | 0.59/154 | 0.64/164
BQMall          | 0.34/88  | 0.51/103 | 0.62/120 | 0.90/186 | 1.09/197 | 1.11/197 | 1.13/207
PartyScene      | 0.16/48  | 0.22/73  | 0.36/118 | 0.67/192 | 0.66/188 | 0.75/210 | 0.81/229
BasketballDrill | 0.39/78  | 0.48/90  | 0.58/120 | 0.79/146 | 0.88/167 | 0.94/173 | 0.89/171
RaceHorses D    | 0.34/83  | 0.51/113 | 0.59/143 | 0.81/194 | 0.85/211 | 0.91/227 | 0.97/248
BQSquare        | 0.20/38  | -0.01/15 | 0.34/65  | 0.80/121 | 1.05/139 | 1.05/142 | 1.22/159
BlowingBubbles  | 0.22/65  | 0.39/120 | 0.53/170 | 0.74/224 | 0.78/240 | 0.78/238 | 0.83/263
BasketballPass  | 0.35/85  | 0.63/138 | 0.73/155 | 1.05/211 | 1.12/223 | 1.20/239 | 1.23/251
FourPeople      | 0.51/78  | 0.66/85  | 0.73/95  | 1.00/129 | 1.13/136 | 1.04/127 | 1.02/130
Johnny          | 0.41/50  | 0.55/55  | 0.60/68  | 0.88/102 | 0.90/94  | 0.88/97  | 0.83/89
KristenAndSara  | 0.52/70  | 0.66/75  | 0.75/85  | 1.05/111 | 1.19/115 | 1.10/108 | 1.11/113
mean, QP 37     | 0.32/67  | 0.46/88  | 0.56/109 | 0.83/153 | 0.91/162 | 0.92/167 | 0.96/177
mean, QP 42     | 0.32/109 | 0.44/130 | 0.59/165 | 0.74/199 | 0.82/220 | 0.89/232 | 0.92/236
mean, QP 32     | 0.32/44  | 0.43/58  | 0.52/68  | 0.86/107 | 0.87/107 | 0.95/118 | 1.00/126
mean, QP 27     | 0.32/30  | 0.40/34  | 0.49/42  | 0.77/64  | 0.82/68  | 0.94/78  | 0.99/83
mean, QP 22     | 0.31/19  | 0.31/19  | 0.46/27  | 0.65/34  | 0.76/42  | 0.85/46  | 0.90/50
""",
    ),
    "mfqe",
    methods_across=True,
)

_TGAF_2 = PaperTable(
    "tgafnet-2",
    "TGAFNet Table II",
    "modules, over STDF as the base, QP 37; ΔPSNR in dB / ΔSSIM in 1e-4",
    (("qp37", "mean, QP 37"),),
    _rows("""
STDF                            | 0.77/139
IntraGFA and InterGFF           | 0.88/160
IntraGFA, InterGFF and FE       | 0.96/177
"""),
    "mfqe",
)

_TGAF_3 = PaperTable(
    "tgafnet-3",
    "TGAFNet Table III",
    "spatial dual contextual blocks (SDCB), QP 37; ΔPSNR in dB / ΔSSIM in 1e-4",
    (("qp37", "mean, QP 37"), ("params_k", "parameters, K")),
    _rows("""
TGAFNet, 1 SDCB                 | 0.92/169 | 1251
TGAFNet, 2 SDCB                 | 0.94/173 | 1327
TGAFNet                         | 0.96/177 | 1403
"""),
    "mfqe",
)

_TGAF_4 = PaperTable(
    "tgafnet-4",
    "TGAFNet Table IV",
    "parameters, FLOPs of a class D frame, frames per second by class",
    (
        ("params_k", "parameters, K"),
        ("gflops", "GFLOPs"),
        ("fps:C", "fps, class C"),
        ("fps:D", "fps, class D"),
        ("fps:E", "fps, class E"),
    ),
    _rows("""
STDF-R3L                        | 1275 | 83.5  | 17.37 | 37.03 | 4.24
RFDA                            | 1270 | 56.8  | 15.41 | 32.14 | 3.74
CF-STIF                         | 2200 | 194.6 | 9.16  | 26.32 | 2.05
TGAFNet                         | 1403 | 143.2 | 11.00 | 28.54 | 2.43
"""),
    "mfqe",
)

TABLES = {
    table.key: table
    for table in (
        _FCA2_1,
        _FCA2_2,
        _FCA2_3,
        _FCA2_4,
        _FCA2_5,
        _FCA2_6,
        _FCA2_7,
        _FCA2_8,
        _TGAF_1,
        _TGAF_2,
        _TGAF_3,
        _TGAF_4,
    )
}
