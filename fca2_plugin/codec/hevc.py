"""The slice headers of HEVC: picture types and QPs, which FFmpeg's decoder keeps to itself.

ITU-T H.265, 7.3: only what stands in front of ``slice_qp_delta`` is read, in the sequence and
picture parameter sets and in the slice headers. That covers single-layer streams of the profiles
Main to high throughput (x265, HM, hardware encoders); others are refused by name. No sample is
decoded, so the QPs that ``cu_qp_delta`` adds inside a slice are not seen.
"""

from dataclasses import dataclass

from fca2_plugin.codec.hevc_sets import Pps, Sps, read_picture_set, read_pps, read_sps
from fca2_plugin.codec.nal import (
    BitReader,
    hvcc_units,
    length_units,
    start_code_units,
    unescape,
)

__all__ = ["HevcHeaders", "Slice"]

SLICE_TYPES = "BPI"  # Table 7-7
NAL_SPS, NAL_PPS = 33, 34
FIRST_IRAP, LAST_IRAP = 16, 23
IDR_TYPES = (19, 20)
SLICE_NALS = (*range(10), *range(FIRST_IRAP, 22))  # Table 7-1; the others below 32 are reserved


@dataclass(frozen=True)
class Slice:
    """What a slice header says.

    Args:
        first: It opens a picture.
        kind: ``I``, ``P`` or ``B``.
        qp: Luma QP at the start of the slice; may be negative above 8 bit.
    """

    first: bool
    kind: str
    qp: int


class HevcHeaders:
    """Reads the headers of a stream, access unit by access unit, in coding order.

    Args:
        extradata: The decoder configuration: ``hvcC`` of MP4 and Matroska, or Annex B.
    """

    def __init__(self, extradata: bytes = b"") -> None:
        self._sps: dict[int, Sps] = {}
        self._pps: dict[int, Pps] = {}
        self._length_size = 0  # of a unit, in bytes; 0 for start codes
        if extradata[:1] == b"\x01":
            self._length_size = (extradata[21] & 3) + 1
            units = hvcc_units(extradata)
        else:
            units = start_code_units(extradata)
        for unit in units:
            self._read_unit(unit)

    def read(self, access_unit: bytes) -> list[Slice]:
        """Return the independent slices of one access unit, as the container packs it.

        Raises:
            ValueError: A header is cut off, lacks its parameter sets, or is of a kind that this
                reader does not know.
        """
        if self._length_size:
            units = length_units(access_unit, self._length_size)
        else:
            units = start_code_units(access_unit)
        return [found for found in map(self._read_unit, units) if found is not None]

    def _read_unit(self, unit: bytes) -> Slice | None:
        """Keep a parameter set, or return what a slice says; pass over everything else."""
        if len(unit) < 3:
            return None
        kind, layer = unit[0] >> 1 & 0x3F, (unit[0] & 1) << 5 | unit[1] >> 3
        if layer:  # the other views or qualities of a multi-layer stream
            return None
        if kind in SLICE_NALS:
            # No header is as long as this, and unescaping a whole slice would take its time.
            reader = BitReader(unescape(unit[2:1026]))
            return self._read_slice(reader, kind)
        reader = BitReader(unescape(unit[2:]))
        if kind == NAL_SPS:
            index, sps = read_sps(reader)
            self._sps[index] = sps
        elif kind == NAL_PPS:
            index, pps = read_pps(reader)
            self._pps[index] = pps
        return None

    def _read_slice(self, reader: BitReader, nal: int) -> Slice | None:
        """Read a slice_segment_header() up to slice_qp_delta, 7.3.6.1."""
        first = reader.flag()
        if FIRST_IRAP <= nal <= LAST_IRAP:
            reader.flag()  # no_output_of_prior_pics_flag
        pps = _known(self._pps, reader.unsigned(), "picture")
        sps = _known(self._sps, pps.sps_id, "sequence")
        if not first:
            dependent = pps.dependent_slices and reader.flag()
            reader.bits((sps.num_ctbs - 1).bit_length())  # slice_segment_address
            if dependent:
                return None
        reader.bits(pps.extra_bits)
        code = reader.unsigned()
        if code >= len(SLICE_TYPES):
            raise ValueError(f"a slice has the unknown type {code}")
        kind = SLICE_TYPES[code]
        if pps.output_flag:
            reader.flag()
        if sps.separate_planes:
            reader.bits(2)
        num_pictures, temporal_mvp = 0, False
        if nal not in IDR_TYPES:
            num_pictures, temporal_mvp = _read_references(reader, sps)
        if sps.sao:
            reader.flag()
            if sps.chroma:
                reader.flag()
        if kind != "I":
            _read_prediction(reader, sps, pps, kind, num_pictures, temporal_mvp)
        return Slice(first, kind, pps.init_qp + reader.signed())


def _known(sets: dict, index: int, what: str) -> Sps | Pps:
    if index not in sets:
        raise ValueError(f"a slice needs the {what} parameter set {index}, which is not there")
    return sets[index]


def _read_references(reader: BitReader, sps: Sps) -> tuple[int, bool]:
    """Read the reference pictures; return how many are in use, and the temporal MVP flag."""
    reader.bits(sps.poc_bits)
    if not reader.flag():
        chosen = read_picture_set(reader, sps.picture_sets, len(sps.picture_sets))
    else:
        index = reader.bits((len(sps.picture_sets) - 1).bit_length())
        if index >= len(sps.picture_sets):
            raise ValueError(f"a slice names the reference set {index}, which is not there")
        chosen = sps.picture_sets[index]
    num_used = chosen.num_used
    if sps.long_term:
        num_from_sps = reader.unsigned() if sps.long_term_used else 0
        for i in range(num_from_sps + reader.unsigned()):
            if i < num_from_sps:
                index = reader.bits((len(sps.long_term_used) - 1).bit_length())
                num_used += sps.long_term_used[index]
            else:
                reader.bits(sps.poc_bits)
                num_used += reader.flag()
            if reader.flag():
                reader.unsigned()
    return num_used, sps.temporal_mvp and reader.flag()


def _read_prediction(
    reader: BitReader, sps: Sps, pps: Pps, kind: str, num_pictures: int, temporal_mvp: bool
) -> None:
    """Read over what only P and B slices have."""
    refs = list(pps.default_refs)
    if reader.flag():
        refs = [reader.unsigned() + 1, reader.unsigned() + 1 if kind == "B" else 0]
    lists = refs if kind == "B" else refs[:1]
    if pps.lists_modification and num_pictures > 1:
        for count in lists:
            if reader.flag():
                reader.bits(count * (num_pictures - 1).bit_length())
    if kind == "B":
        reader.flag()  # mvd_l1_zero_flag
    if pps.cabac_init:
        reader.flag()
    if temporal_mvp:
        from_first = reader.flag() if kind == "B" else True
        if refs[0 if from_first else 1] > 1:
            reader.unsigned()
    if (pps.weighted_p and kind == "P") or (pps.weighted_b and kind == "B"):
        _read_weights(reader, sps.chroma, lists)
    reader.unsigned()  # five_minus_max_num_merge_cand


def _read_weights(reader: BitReader, chroma: bool, lists: list[int]) -> None:
    """Read over a pred_weight_table(), 7.3.6.3, of a single-layer stream."""
    reader.unsigned()
    if chroma:
        reader.signed()
    for count in lists:
        luma = [reader.flag() for _ in range(count)]
        colour = [chroma and reader.flag() for _ in range(count)]
        for has_luma, has_colour in zip(luma, colour, strict=True):
            for _ in range(2 * has_luma + 4 * has_colour):
                reader.signed()
