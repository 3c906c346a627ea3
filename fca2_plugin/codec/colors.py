"""What the numbers of a picture mean, in H.273's numbers, which FFmpeg shares."""

from dataclasses import dataclass, replace

__all__ = ["BT601", "FULL", "LIMITED", "MATRICES", "RANGES", "ColorTags", "luma_shares"]

# matrices; BT.601 has a number for 625 lines and one for 525, which are the same
RGB, BT709, UNSPECIFIED, RESERVED = range(4)
FCC, BT601, BT601_525, SMPTE240M = range(4, 8)
BT2020, BT2020_CONSTANT = 9, 10  # of constant luminance
LIMITED, FULL = 1, 2  # ranges
HD_LINES = 720

#: For people's choices.
MATRICES = {
    "bt601": BT601_525,
    "bt709": BT709,
    "bt2020": BT2020,
    "fcc": FCC,
    "smpte240m": SMPTE240M,
}
RANGES = {"limited": LIMITED, "full": FULL}

#: Shares of R and B in Y.
SHARES = {
    BT709: (0.2126, 0.0722),
    FCC: (0.30, 0.11),
    BT601: (0.299, 0.114),
    BT601_525: (0.299, 0.114),
    SMPTE240M: (0.212, 0.087),
    BT2020: (0.2627, 0.0593),
    BT2020_CONSTANT: (0.2627, 0.0593),  # treated as BT.2020: no decoder in PyAV does better
}
NAMES = {  # for people; of primaries, transfer and matrix, which share most numbers
    RGB: "RGB",
    BT709: "BT.709",
    UNSPECIFIED: "untagged",
    FCC: "FCC",
    BT601: "BT.601 (625 lines)",
    BT601_525: "BT.601",
    SMPTE240M: "SMPTE 240M",
    BT2020: "BT.2020",
    BT2020_CONSTANT: "BT.2020 constant luminance",
    16: "PQ",
    18: "HLG",
}


@dataclass(frozen=True)
class ColorTags:
    """How a stream marks its colours.

    Args:
        matrix: Between RGB and YUV.
        range: 1 limited, 2 full.
        primaries: Of the colour space.
        transfer: Between light and number.
    """

    matrix: int = UNSPECIFIED
    range: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    def resolved(self, height: int) -> "ColorTags":
        """With a matrix and range: without a tag, BT.709 from 720 lines on, else BT.601."""
        matrix, width = self.matrix, self.range or LIMITED
        if matrix in (UNSPECIFIED, RESERVED, RGB):
            matrix = BT709 if height >= HD_LINES else BT601_525
        if self.matrix == RGB:  # its range is that of RGB
            width = LIMITED
        return replace(self, matrix=matrix, range=width)

    @property
    def matrix_name(self) -> str:
        """Of the matrix, for people."""
        return NAMES.get(self.matrix, f"number {self.matrix}")

    def __str__(self) -> str:
        width = {0: "untagged", LIMITED: "limited", FULL: "full"}.get(self.range, "unknown")
        tags = (self.matrix, self.primaries, self.transfer)
        matrix, primaries, transfer = (NAMES.get(tag, f"number {tag}") for tag in tags)
        return f"matrix {matrix}, {width} range, primaries {primaries}, transfer {transfer}"


def luma_shares(tags: ColorTags) -> tuple[float, float]:
    """The shares of R and B in Y.

    Raises:
        ValueError: The matrix is not known here.
    """
    if tags.matrix not in SHARES:
        raise ValueError(
            f"the colour matrix number {tags.matrix} is not supported; expected BT.601, BT.709, "
            "BT.2020, FCC or SMPTE 240M; convert the video to one of them first"
        )
    return SHARES[tags.matrix]
