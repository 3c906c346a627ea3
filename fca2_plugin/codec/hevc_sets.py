"""HEVC's sequence and picture parameter sets, as far as a slice header depends on them.

Numbers in the text are clauses of ITU-T H.265.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fca2_plugin.codec.nal import BitReader

__all__ = ["PictureSet", "Pps", "Sps", "read_picture_set", "read_pps", "read_sps"]

PROFILES = range(6)  # 0 (none stated), Main, Main 10, Still, RExt, high throughput
MONOCHROME, YUV444 = 0, 3


@dataclass(frozen=True)
class PictureSet:
    """A short-term reference picture set, 7.4.8: POC distances, each with whether it is used."""

    negative: tuple[tuple[int, bool], ...] = ()
    positive: tuple[tuple[int, bool], ...] = ()

    def __len__(self) -> int:
        return len(self.negative) + len(self.positive)

    @property
    def num_used(self) -> int:
        return sum(used for _, used in self.negative + self.positive)


@dataclass(frozen=True)
class Sps:
    separate_planes: bool
    chroma: bool
    num_ctbs: int
    poc_bits: int
    picture_sets: tuple[PictureSet, ...]
    long_term: bool
    long_term_used: tuple[bool, ...]
    temporal_mvp: bool
    sao: bool


@dataclass(frozen=True)
class Pps:
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


def read_sps(reader: BitReader) -> tuple[int, Sps]:
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
    sets: list[PictureSet] = []
    for i in range(num_sets):
        sets.append(read_picture_set(reader, sets, i, in_sps=True))
    long_term_used = []
    long_term = reader.flag()
    if long_term:
        for _ in range(reader.unsigned()):
            reader.bits(poc_bits)
            long_term_used.append(reader.flag())
    return index, Sps(
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


def read_picture_set(
    reader: BitReader, sets: Sequence[PictureSet], index: int, in_sps: bool = False
) -> PictureSet:
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
    return PictureSet(*halves)


def _read_predicted_set(
    reader: BitReader, sets: Sequence[PictureSet], index: int, in_sps: bool
) -> PictureSet:
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
    return PictureSet(
        tuple(sorted((entry for entry in kept if entry[0] < 0), reverse=True)),
        tuple(sorted(entry for entry in kept if entry[0] > 0)),
    )


def read_pps(reader: BitReader) -> tuple[int, Pps]:
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
    return index, Pps(
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
