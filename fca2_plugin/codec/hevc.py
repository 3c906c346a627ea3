"""The slice headers of HEVC: picture types and QPs, which FFmpeg's decoder keeps to itself.

ITU-T H.265, 7.3: only what stands in front of ``slice_qp_delta`` is read, in the sequence and
picture parameter sets and in the slice headers. That covers single-layer streams of the profiles
Main to high throughput (x265, HM, hardware encoders); others are refused by name. No sample is
decoded, so the QPs that ``cu_qp_delta`` adds inside a slice are not seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["HevcHeaders", "Slice"]

SLICE_TYPES = "BPI"  # Table 7-7
NAL_SPS, NAL_PPS = 33, 34
FIRST_IRAP, LAST_IRAP = 16, 23
IDR_TYPES = (19, 20)
SLICE_NALS = (*range(10), *range(FIRST_IRAP, 22))  # Table 7-1; the others below 32 are reserved
PROFILES = range(6)  # 0 (none stated), Main, Main 10, Still, RExt, high throughput
MONOCHROME, YUV444 = 0, 3


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


class BitReader:
    """Bits, most significant first, of a NAL unit's payload."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        """Read an unsigned number of ``count`` bits, u(n)."""
        if count > self._left:
            raise ValueError("its header ends in the middle")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        return bool(self.bits(1))

    def unsigned(self) -> int:
        """Read an Exp-Golomb code, ue(v) in 9.2."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        """Read a signed Exp-Golomb code, se(v)."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -code // 2


@dataclass(frozen=True)
class _PictureSet:
    """A short-term reference picture set, 7.4.8: POC distances, each with whether it is used."""

    negative: tuple[tuple[int, bool], ...] = ()
    positive: tuple[tuple[int, bool], ...] = ()

    def __len__(self) -> int:
        return len(self.negative) + len(self.positive)

    @property
    def num_used(self) -> int:
        return sum(used for _, used in self.negative + self.positive)


@dataclass(frozen=True)
class _Sps:
    separate_planes: bool
    chroma: bool
    num_ctbs: int
    poc_bits: int
    picture_sets: tuple[_PictureSet, ...]
    long_term: bool
    long_term_used: tuple[bool, ...]
    temporal_mvp: bool
    sao: bool


@dataclass(frozen=True)
class _Pps:
    sps_id: int
    dependent_slices: bool
    output_flag: bool
    extra_bits: int
    cabac_init: bool
    default_refs: tuple[int, int]
    init_qp: int
    weighted_p: bool
    weighted_b: bool
    lists_modification: bool


class HevcHeaders:
    """Reads the headers of a stream, access unit by access unit, in coding order.

    Args:
        extradata: The decoder configuration: ``hvcC`` of MP4 and Matroska, or Annex B.
    """

    def __init__(self, extradata: bytes = b"") -> None:
        self._sps: dict[int, _Sps] = {}
        self._pps: dict[int, _Pps] = {}
        self._length_size = 0  # of a unit, in bytes; 0 for start codes
        if extradata[:1] == b"\x01":
            self._length_size = (extradata[21] & 3) + 1
            units = _hvcc_units(extradata)
        else:
            units = _start_code_units(extradata)
        for unit in units:
            self._read_unit(unit)

    def read(self, access_unit: bytes) -> list[Slice]:
        """Return the independent slices of one access unit, as the container packs it.

        Raises:
            ValueError: A header is cut off, lacks its parameter sets, or is of a kind that this
                reader does not know.
        """
        if self._length_size:
            units = _length_units(access_unit, self._length_size)
        else:
            units = _start_code_units(access_unit)
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
            reader = BitReader(_unescape(unit[2:1026]))
            return self._read_slice(reader, kind)
        reader = BitReader(_unescape(unit[2:]))
        if kind == NAL_SPS:
            index, sps = _read_sps(reader)
            self._sps[index] = sps
        elif kind == NAL_PPS:
            index, pps = _read_pps(reader)
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


def _known(sets: dict, index: int, what: str) -> _Sps | _Pps:
    if index not in sets:
        raise ValueError(f"a slice needs the {what} parameter set {index}, which is not there")
    return sets[index]


def _read_references(reader: BitReader, sps: _Sps) -> tuple[int, bool]:
    """Read the reference pictures; return how many are in use, and the temporal MVP flag."""
    reader.bits(sps.poc_bits)
    if not reader.flag():
        chosen = _read_picture_set(reader, sps.picture_sets, len(sps.picture_sets))
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
    reader: BitReader, sps: _Sps, pps: _Pps, kind: str, num_pictures: int, temporal_mvp: bool
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


def _read_sps(reader: BitReader) -> tuple[int, _Sps]:
    """Read a seq_parameter_set_rbsp(), 7.3.2.2, up to its VUI."""
    reader.bits(4)
    sub_layers = reader.bits(3)
    reader.flag()
    _read_profile(reader, sub_layers)
    index = reader.unsigned()
    chroma_format = reader.unsigned()
    separate_planes = chroma_format == YUV444 and reader.flag()
    width, height = reader.unsigned(), reader.unsigned()
    if reader.flag():
        for _ in range(4):
            reader.unsigned()
    reader.unsigned(), reader.unsigned()  # bit depths
    poc_bits = reader.unsigned() + 4
    for _ in range(1 if not reader.flag() else sub_layers + 1):
        for _ in range(3):
            reader.unsigned()
    log2_block = reader.unsigned() + 3
    log2_ctb = log2_block + reader.unsigned()
    for _ in range(4):
        reader.unsigned()
    if reader.flag() and reader.flag():  # enabled, and in the stream
        _read_scaling_lists(reader)
    reader.flag()
    sao = reader.flag()
    if reader.flag():  # PCM blocks
        reader.bits(8)
        reader.unsigned(), reader.unsigned()
        reader.flag()
    num_sets = reader.unsigned()
    sets: list[_PictureSet] = []
    for i in range(num_sets):
        sets.append(_read_picture_set(reader, sets, i, in_sps=True))
    long_term_used = []
    long_term = reader.flag()
    if long_term:
        for _ in range(reader.unsigned()):
            reader.bits(poc_bits)
            long_term_used.append(reader.flag())
    return index, _Sps(
        separate_planes=separate_planes,
        chroma=chroma_format != MONOCHROME and not separate_planes,
        num_ctbs=-(-width // (1 << log2_ctb)) * -(-height // (1 << log2_ctb)),
        poc_bits=poc_bits,
        picture_sets=tuple(sets),
        long_term=long_term,
        long_term_used=tuple(long_term_used),
        temporal_mvp=reader.flag(),
        sao=sao,
    )


def _read_profile(reader: BitReader, sub_layers: int) -> None:
    """Read over a profile_tier_level(), 7.3.3, and refuse profiles with other slice headers."""
    reader.bits(3)
    profile = reader.bits(5)
    if profile not in PROFILES:
        raise ValueError(
            f"it is of HEVC profile {profile} (multi-layer or screen content), whose slice "
            "headers this reader does not know"
        )
    reader.bits(32 + 48 + 8)
    present = [(reader.flag(), reader.flag()) for _ in range(sub_layers)]
    if sub_layers:
        reader.bits(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        reader.bits(88 * has_profile + 8 * has_level)


def _read_scaling_lists(reader: BitReader) -> None:
    """Read over a scaling_list_data(), 7.3.4."""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not reader.flag():
                reader.unsigned()
                continue
            if size > 1:
                reader.signed()
            for _ in range(min(64, 16 << 2 * size)):
                reader.signed()


def _read_picture_set(
    reader: BitReader, sets: list[_PictureSet] | tuple, index: int, in_sps: bool = False
) -> _PictureSet:
    """Read an st_ref_pic_set(), 7.3.7 and 7.4.8; the SPS predicts only from the one before."""
    if index and reader.flag():
        return _read_predicted_set(reader, sets, index, in_sps)
    counts = [reader.unsigned(), reader.unsigned()]
    halves = []
    for count, sign in zip(counts, (-1, 1), strict=True):
        poc, half = 0, []
        for _ in range(count):
            poc += sign * (reader.unsigned() + 1)
            half.append((poc, reader.flag()))
        halves.append(tuple(half))
    return _PictureSet(*halves)


def _read_predicted_set(
    reader: BitReader, sets: list[_PictureSet] | tuple, index: int, in_sps: bool
) -> _PictureSet:
    """Read a set that moves an earlier one by a POC distance; the order of 7-61 and 7-62."""
    back = 1 if in_sps else reader.unsigned() + 1
    if back > index:
        raise ValueError("a reference picture set is predicted from one that is not there")
    source = sets[index - back]
    negative_step = reader.flag()
    step = (reader.unsigned() + 1) * (-1 if negative_step else 1)
    flags = []
    for _ in range(len(source) + 1):
        used = reader.flag()
        flags.append((used, used or reader.flag()))
    moved = [poc + step for poc, _ in (*source.negative, *source.positive)] + [step]
    kept = [(poc, used) for poc, (used, keep) in zip(moved, flags, strict=True) if keep]
    return _PictureSet(
        tuple(sorted((entry for entry in kept if entry[0] < 0), reverse=True)),
        tuple(sorted(entry for entry in kept if entry[0] > 0)),
    )


def _read_pps(reader: BitReader) -> tuple[int, _Pps]:
    """Read a pic_parameter_set_rbsp(), 7.3.2.3, up to lists_modification_present_flag."""
    index, sps_id = reader.unsigned(), reader.unsigned()
    dependent_slices, output_flag = reader.flag(), reader.flag()
    extra_bits = reader.bits(3)
    reader.flag()
    cabac_init = reader.flag()
    default_refs = (reader.unsigned() + 1, reader.unsigned() + 1)
    init_qp = 26 + reader.signed()
    reader.bits(2)
    if reader.flag():  # cu_qp_delta_enabled_flag
        reader.unsigned()
    reader.signed(), reader.signed()  # chroma QP offsets
    reader.flag()
    weighted_p, weighted_b = reader.flag(), reader.flag()
    reader.flag()
    tiles = reader.flag()
    reader.flag()
    if tiles:
        columns, rows = reader.unsigned(), reader.unsigned()
        if not reader.flag():  # not uniform
            for _ in range(columns + rows):
                reader.unsigned()
        reader.flag()
    reader.flag()
    if reader.flag():  # deblocking_filter_control_present_flag
        reader.flag()
        if not reader.flag():
            reader.signed(), reader.signed()
    if reader.flag():
        _read_scaling_lists(reader)
    return index, _Pps(
        sps_id=sps_id,
        dependent_slices=dependent_slices,
        output_flag=output_flag,
        extra_bits=extra_bits,
        cabac_init=cabac_init,
        default_refs=default_refs,
        init_qp=init_qp,
        weighted_p=weighted_p,
        weighted_b=weighted_b,
        lists_modification=reader.flag(),
    )


def _unescape(payload: bytes) -> bytes:
    """Drop the emulation prevention bytes, 7.4.2."""
    return payload.replace(b"\x00\x00\x03", b"\x00\x00")


def _start_code_units(data: bytes) -> Iterator[bytes]:
    """Yield the NAL units of an Annex B byte stream."""
    for unit in data.split(b"\x00\x00\x01")[1:]:
        yield unit.rstrip(b"\x00")  # the next start code's first zero, or padding


def _length_units(data: bytes, length_size: int) -> Iterator[bytes]:
    """Yield NAL units that carry their length in front."""
    at = 0
    while at + length_size <= len(data):
        length = int.from_bytes(data[at : at + length_size], "big")
        at += length_size
        yield data[at : at + length]
        at += length


def _hvcc_units(record: bytes) -> Iterator[bytes]:
    """Yield the parameter sets of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3)."""
    at = 23
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + length]
            at += 2 + length
