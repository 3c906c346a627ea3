"""FCA²: any VSR network on fewer frames (Wang et al., Sec. III and Fig. 4).

Start reading here. ``FCA2Net`` takes built parts and reads like the paper's Fig. 4::

    lq (n,t,3,h,w) - clean - plan - encode - codes (n,K,3,h,w)
                       |                       |
                       |                any VSR network
                       |                       |
    sr (n,t,3,s*h,s*w) - colour ----- decode - (n,K,3,s*h,s*w)

Where the paper is silent, we follow the released model unless noted otherwise:

* Clips are cut into chunks of 7 frames; the last chunk is filled by repeating its last frame.
  Chunks do not depend on each other and run as one batch. ``chunk_frames=None`` groups the whole
  clip and gives the VSR network all codes as one sequence, which is one reading of Fig. 4.
  ``join_codes`` gives it the codes of all chunks as one sequence. With an autoencoder that takes
  any groups, the same number of key frames is then spread over the whole clip without chunks,
  including both ends, and a frame between two key frames is made from both.
* Frames are cleaned before they are grouped. Fig. 4 shows the opposite order, but the cleaning
  network takes three channels.
* Colours are corrected against the cleaned frame of the same time (eq. 4), only after decoding.
* The output is not clamped in training, so that the loss keeps its gradient outside [0, 1].
  ``clamp_output`` clamps it outside training, like the released model after the correction.
  Both hosts clamp when they make images.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.nets.codes import Autoencoder, Codes, StreamsDecoded
from fca2_plugin.nets.fitted import check_takes_clips, run_fitted, stream_fitted
from fca2_plugin.nets.spec import RECURRENT_CONTEXT, NetSpec, context_of
from fca2_plugin.ops.color import COLOR_CORRECTIONS, correct_color
from fca2_plugin.ops.frame_groups import FrameGroup, groups_between, groups_of, pick_frames
from fca2_plugin.ops.group_plan import GroupPlan, plan_groups
from fca2_plugin.ops.key_frames import spread_keys
from fca2_plugin.ops.padding import extend_time
from fca2_plugin.ops.pieces import images_at_once, join_pieces

__all__ = ["COLOR_PLACES", "GROUPINGS", "PARTS", "FCA2Net"]

PARTS = ("cleaning", "autoencoder", "vsr")
COLOR_PLACES = ("encoder", "decoder", "both")
GROUPINGS = ("fixed", "adaptive")
_VSR = "the VSR network"


class FCA2Net(nn.Module):
    """Cleans a clip, encodes it into codes, super-resolves those, decodes them into frames.

    Every part can be left out. Without ``vsr`` this is the autoencoder of stage 1 (scale 1), with
    ``cleaning`` alone it is the cleaning network, and without ``autoencoder`` the VSR network sees
    all (cleaned) frames.

    Args:
        autoencoder: A ``FrameAutoencoder`` or ``GuidedAutoencoder``, or another ``Autoencoder``.
        vsr: Any network that maps (n, k, 3, h, w) to (n, k, 3, s*h, s*w).
        cleaning: A ``CleaningNet``.
        chunk_frames: Frames encoded together; None for the whole clip.
        chunks_at_once: Chunks that run as one batch without gradients. Fewer chunks need less
            memory, because the decoder works at the output's size. None: all at once; with
            ``join_codes``, chosen from the frame size.
        join_codes: The VSR network sees all codes of a clip as one sequence, so that it propagates
            over the whole clip; otherwise it sees each chunk alone, as in the released code. With a
            ``GuidedAutoencoder``, key frames are then spread over the whole clip, as densely as in
            chunks of ``chunk_frames``.
        grouping: ``fixed``, or ``adaptive``: outside training, groups follow each clip's motion and
            cuts (``follow``), and their codes are one sequence, regardless of ``chunk_frames``.
            Only a ``GuidedAutoencoder`` supports it.
        color_correction: ``frame`` (eq. 4), ``lr_domain``, ``mean`` or None.
        color_at: Where colours are corrected (Table VII): ``decoder``, ``encoder`` or ``both``.
        clamp_output: Outside training, corrected frames are clamped to [0, 1].
        frozen: Names of parts that do not learn. They stay frozen and in evaluation mode even if
            the host calls ``requires_grad_`` or ``train`` on the whole network.
        vsr_spec: Requirements of ``vsr`` on its input, if it does not have a ``spec``.

    Shape:
        (n, t, 3, h, w) in [0, 1] to (n, t, 3, s*h, s*w). To run a clip in windows when
        ``spans_clips`` is true, or to use the types of its frames, pass the groups as well:
        ``net(window, window_groups(net.plan_ahead(t, types), start, stop))``.

    Raises:
        TypeError: ``join_codes`` or ``clamp_output`` is neither True nor False.
        ValueError: All parts are missing, a choice is unknown, chunks are smaller than a group,
            ``chunks_at_once`` is below 1, or the VSR network is known to need an adapter.

    Example:
        >>> from fca2_plugin.nets import CompactVSRNet, FrameAutoencoder
        >>> autoencoder = FrameAutoencoder(mid_channels=8, num_blocks=1, flow_mode=None)
        >>> net = FCA2Net(autoencoder, CompactVSRNet(mid_channels=8, num_blocks=1)).eval()
        >>> with torch.inference_mode():
        ...     sr = net(torch.rand(1, 7, 3, 16, 16))
        >>> sr.shape
        torch.Size([1, 7, 3, 64, 64])
    """

    def __init__(
        self,
        autoencoder: Autoencoder | None = None,
        vsr: nn.Module | None = None,
        cleaning: nn.Module | None = None,
        *,
        chunk_frames: int | None = 7,
        chunks_at_once: int | None = None,
        join_codes: bool = False,
        grouping: str = "fixed",
        color_correction: str | None = "frame",
        color_at: str = "decoder",
        clamp_output: bool = False,
        frozen: Iterable[str] = (),
        vsr_spec: NetSpec | None = None,
    ) -> None:
        super().__init__()
        if autoencoder is None and vsr is None and cleaning is None:
            raise ValueError(
                "FCA2Net got no part; expected at least one of autoencoder, vsr, cleaning"
            )
        for name, value in (("join_codes", join_codes), ("clamp_output", clamp_output)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} is {value!r}; expected True or False")
        if color_correction is not None:
            check_choice("color_correction", color_correction, COLOR_CORRECTIONS)
        check_choice("color_at", color_at, COLOR_PLACES)
        check_choice("grouping", grouping, GROUPINGS)
        if grouping == "adaptive" and (autoencoder is None or not autoencoder.takes_groups):
            raise ValueError(
                "grouping='adaptive' needs groups of any size, which only GuidedAutoencoder "
                f"supports, not {type(autoencoder).__name__}; choose preset='fast', or "
                "grouping='fixed'"
            )
        if autoencoder is not None and chunk_frames is not None:
            if chunk_frames < autoencoder.min_frames:
                raise ValueError(
                    f"chunk_frames={chunk_frames} is shorter than one group of "
                    f"{type(autoencoder).__name__}; expected at least {autoencoder.min_frames} "
                    "frames, None for the whole clip, or smaller groups (n_subs)"
                )
        if chunks_at_once is not None and chunks_at_once < 1:
            raise ValueError(
                f"chunks_at_once must be at least 1, or None for all; got {chunks_at_once}"
            )
        self.cleaning = cleaning
        self.autoencoder = autoencoder
        self.vsr = vsr
        self.chunk_frames = chunk_frames
        self.chunks_at_once = chunks_at_once
        self.join_codes = join_codes
        self.grouping = grouping
        self.color_correction = color_correction
        self.color_at = color_at
        self.clamp_output = clamp_output
        self.vsr_spec = vsr_spec or getattr(vsr, "spec", None) or NetSpec(scale=None)
        check_takes_clips(vsr, self.vsr_spec, "FCA2Net", "vsr")
        frozen = (frozen,) if isinstance(frozen, str) else frozen
        self.frozen = frozenset(check_choice("part", part, PARTS) for part in frozen)
        self._hold_frozen()

    @property
    def spec(self) -> NetSpec:
        """Clips can have any size and length; they are padded inside."""
        phase = None if self.autoencoder is None else self.autoencoder.phase
        return NetSpec(
            scale=1 if self.vsr is None else self.vsr_spec.scale,
            phase=phase or self.vsr_spec.phase,
        )

    @property
    def cut_multiple(self) -> int:
        """Windows of a clip must begin at multiples of this number of frames."""
        whole = self.grouping == "adaptive" or self.spans_clips
        return 1 if whole else self.chunk_frames or 1

    @property
    def context_frames(self) -> int:
        """Number of frames on each side of a window that affect its result, or should."""
        inner = context_of(self.vsr)
        if self.autoencoder is None:
            return inner
        joined = self.join_codes or self.grouping == "adaptive"
        if self.chunk_frames is not None and not joined:
            return 0  # chunks do not depend on each other
        known = inner * (self.reach // 2 + 1) + self.reach  # codes may be that far apart
        if inner < RECURRENT_CONTEXT:
            return known
        return min(known, max(inner, self.reach))  # more changes the PSNR by less than 0.001 dB

    def forward(self, lq: Tensor, groups: Sequence[FrameGroup] | None = None) -> Tensor:
        _check_clip(lq)
        if self.training:
            self._hold_frozen()
        clean = self.clean(lq)
        if self.autoencoder is None:
            return self.super_resolve(clean)
        if groups is None and self.is_adaptive:  # every clip has different groups
            done = (self.process(clip, self.plan(clip)) for clip in clean.split(1))
            return self.correct(join_pieces(done, len(clean)), clean)
        chunks = self._to_chunks(clean)  # (n*m, f, 3, h, w)
        frames = self.process(chunks, groups or self.plan(chunks), len(lq))
        return self.correct(self._from_chunks(frames, lq), clean)

    def stream_frames(
        self, lq: Tensor, groups: Sequence[FrameGroup] | None = None, *, keep: slice = slice(None)
    ) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of ``forward(lq, groups)[:, keep]``; see ``StreamsFrames``.

        Only few frames exist at the result's size if groups are planned for the whole clip.
        """
        _check_clip(lq)
        wanted = range(lq.shape[1])[keep]
        coder = self.autoencoder
        one_plan = self.spans_clips or (self.is_adaptive and len(lq) == 1)
        if coder is None:
            yield from self._stream_resolved(self.clean(lq), wanted)
        elif one_plan and isinstance(coder, StreamsDecoded):
            clean = self.clean(lq)
            groups = groups or self.plan(clean)
            images, guide = self.encode(clean, groups)
            resolved = self._stream_resolved(images, groups_of(groups, wanted))
            parts = (image[:, None] for image in resolved)
            for i, frame in zip(wanted, coder.stream_decoded(parts, guide, keep), strict=True):
                yield self.correct(frame[:, None], clean[:, i : i + 1])[:, 0]
        else:
            yield from self(lq, groups)[:, keep].unbind(1)

    def _stream_resolved(self, codes: Tensor, wanted: range) -> Iterator[Tensor]:
        """Yield some codes of ``super_resolve``, (n, 3, s*h, s*w)."""
        keep = slice(wanted.start, wanted.stop)
        if self.vsr is None:
            yield from codes[:, keep].unbind(1)
        else:
            yield from stream_fitted(self.vsr, self.vsr_spec, codes, _VSR, keep)

    def plan(self, chunks: Tensor, types: str | None = None) -> tuple[FrameGroup, ...]:
        """Choose which frames share a code.

        Args:
            chunks: Cleaned frames, (m, f, 3, h, w); an adaptive network looks at the first clip.
            types: See ``plan_ahead``.
        """
        if self.is_adaptive:
            return self.follow(chunks[0]).groups
        return self.plan_ahead(chunks.shape[1], types)

    def plan_ahead(self, num_frames: int, types: str | None = None) -> tuple[FrameGroup, ...]:
        """Choose which frames share a code without looking at the frames.

        Args:
            num_frames: Frames of the clip if the network ``spans_clips``, otherwise of a chunk.
            types: Types of the clip's frames, as in ``spread_keys``; they do not move the key
                frames of chunks.

        Raises:
            ValueError: The number of types differs from that of frames.
        """
        if not self.spans_clips:
            return self._coder.plan(num_frames)
        chunk = self.chunk_frames or num_frames
        share = -(-num_frames * self._coder.num_codes(chunk) // chunk)
        ends = -(-(num_frames - 1) // chunk) + 1  # no gap is longer than a chunk
        keys = spread_keys(num_frames, min(max(share, ends), num_frames), types)
        return groups_between(keys, num_frames)

    def follow(self, frames: Tensor) -> GroupPlan:
        """Plan the groups of ``adaptive`` for cleaned frames (t, 3, h, w)."""
        return plan_groups(frames)

    @property
    def is_adaptive(self) -> bool:
        """Whether groups follow the clip: ``grouping='adaptive'``, outside training."""
        return self.grouping == "adaptive" and not self.training

    @property
    def spans_clips(self) -> bool:
        """Whether groups can lie anywhere in a clip, so that windows need the whole clip's plan."""
        joined = self.join_codes and not self.is_adaptive
        return joined and self.autoencoder is not None and self.autoencoder.takes_groups

    @property
    def reach(self) -> int:
        """Number of frames beside a window that affect its codes or their decoding."""
        if not self.spans_clips:
            return 0
        chunk = self.chunk_frames or 1
        gap = -(-chunk // self._coder.num_codes(chunk)) + 1
        return 2 * gap - 2  # to a key frame, and on to the previous one, which helps to clean it

    def process(self, chunks: Tensor, groups: Sequence[FrameGroup], num_clips: int = 1) -> Tensor:
        """Encode, super-resolve and decode, a few chunks at a time.

        Args:
            chunks: Chunks of all clips, (m, f, 3, h, w).
            groups: The groups of the frames of each chunk.
            num_clips: The number of clips; if codes are joined, each clip is one sequence.

        Returns:
            (m, f, 3, s*h, s*w).
        """
        encoded = (self.encode(part, groups) for part in chunks.split(self._batch_size(chunks)))
        if self.join_codes:
            resolved = self._resolve_joined(list(encoded), num_clips)
        else:
            resolved = (Codes(self.super_resolve(images), guide) for images, guide in encoded)
        return join_pieces(map(self._coder.decode, resolved), len(chunks))

    def _resolve_joined(self, parts: Sequence[Codes], num_clips: int) -> Iterator[Codes]:
        """Super-resolve the codes of all chunks of a clip as one sequence."""
        pieces, guides = zip(*parts, strict=True)
        sizes = [len(piece) for piece in pieces]
        images = join_pieces(pieces, sum(sizes))  # (m, K, 3, h, w)
        sequences = images.reshape(num_clips, -1, *images.shape[2:])
        images = self.super_resolve(sequences).unflatten(1, (-1, images.shape[1])).flatten(0, 1)
        return map(Codes, images.split(sizes), guides)

    def clean(self, lq: Tensor) -> Tensor:
        """Remove coding noise from frames (n, t, 3, h, w)."""
        if self.cleaning is None:
            return lq
        learns = "cleaning" not in self.frozen or lq.requires_grad
        with torch.set_grad_enabled(torch.is_grad_enabled() and learns):
            return self.cleaning(lq)

    def encode(self, chunks: Tensor, groups: Sequence[FrameGroup] | None = None) -> Codes:
        """Encode frames (m, f, 3, h, w) to codes (m, K, 3, h, w); ``plan`` gives default groups."""
        groups = groups or self.plan(chunks)
        learns = "autoencoder" not in self.frozen or chunks.requires_grad
        with torch.set_grad_enabled(torch.is_grad_enabled() and learns):
            codes = self._coder.encode(chunks, groups)
            if self.color_correction is None or self.color_at == "decoder":
                return codes
            keys = pick_frames(chunks, [group.key for group in groups])
            return Codes(correct_color(codes.images, keys, self.color_correction), codes.guide)

    def super_resolve(self, codes: Tensor) -> Tensor:
        """Run the VSR network: pad its input, check its result, and crop the result."""
        if self.vsr is None:
            return codes
        return run_fitted(self.vsr, self.vsr_spec, codes, _VSR)

    @property
    def _coder(self) -> Autoencoder:
        """The autoencoder, for code that needs one."""
        if self.autoencoder is None:
            raise ValueError(
                "this FCA2Net has no autoencoder, so it makes no codes; build it with one, or call "
                "super_resolve with frames"
            )
        return self.autoencoder

    @property
    def corrects_output(self) -> bool:
        """Whether decoded frames are corrected to the clean frames' colours."""
        return self.color_correction is not None and self.color_at != "encoder"

    def correct(self, frames: Tensor, clean: Tensor) -> Tensor:
        """Give decoded frames (n, t, 3, s*h, s*w) the colours of clean ones (n, t, 3, h, w)."""
        if self.color_correction is None or not self.corrects_output:
            return frames
        frames = correct_color(frames, clean, self.color_correction)
        return frames.clamp(0, 1) if self.clamp_output and not self.training else frames

    def requires_grad_(self, requires_grad: bool = True) -> "FCA2Net":
        """Keep frozen parts frozen, because both hosts un-freeze everything."""
        super().requires_grad_(requires_grad)
        self._hold_frozen()
        return self

    def train(self, mode: bool = True) -> "FCA2Net":
        """Switch to training or evaluation mode, but keep frozen parts in evaluation mode."""
        super().train(mode)
        self._hold_frozen()
        return self

    def _hold_frozen(self) -> None:
        """Freeze again what a host un-froze, possibly through a wrapper around this module."""
        for part in self.frozen:
            if getattr(self, part) is not None:
                getattr(self, part).requires_grad_(False).eval()

    def _batch_size(self, chunks: Tensor) -> int:
        """Return all chunks if gradients are needed: then all activations are kept anyway."""
        number, size = chunks.shape[0], self.chunks_at_once
        if torch.is_grad_enabled() or not (size or self.join_codes):
            return number
        pixels = chunks.shape[-2] * chunks.shape[-1] * (self.spec.scale or 1) ** 2
        return size or images_at_once(number, pixels, chunks.device)

    def _to_chunks(self, frames: Tensor) -> Tensor:
        """Cut (n, t, c, h, w) into (n*m, f, c, h, w); fill the last chunk with its last frame."""
        n, t = frames.shape[:2]
        f = t if self.spans_clips or self.is_adaptive else self.chunk_frames or t
        m = -(-t // f)
        return extend_time(frames, m * f).reshape(n * m, f, *frames.shape[2:])

    def _from_chunks(self, frames: Tensor, lq: Tensor) -> Tensor:
        """Join (n*m, f, c, H, W) to (n, t, c, H, W)."""
        return frames.reshape(lq.shape[0], -1, *frames.shape[2:])[:, : lq.shape[1]]


def _check_clip(lq: Tensor) -> None:
    if lq.ndim != 5 or lq.shape[2] != 3 or lq.shape[1] < 1:
        raise ValueError(
            f"FCA2Net got an input of shape {tuple(lq.shape)}; expected RGB clips "
            "(n, t, 3, h, w) with at least one frame"
        )
