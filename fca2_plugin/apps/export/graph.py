"""One ONNX graph: traced, written, and compared with the network in onnxruntime.

A graph takes any height and width where tracing allows it *and* it proves equal at sizes other
than the traced one; a size that torch took for a constant shows there. Otherwise it is traced
again for the one size.
"""

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision  # noqa: F401 (registers torch.ops.torchvision)
from torch import Tensor, nn

from fca2_plugin._files import file_sha256
from fca2_plugin._optional import require
from fca2_plugin.apps.export.parts import GraphPart

__all__ = ["OPSET", "NoGraphError", "difference", "open_graph", "write_graph"]

#: GridSample and DeformConv of today's form are in 20, which onnxruntime has run since 1.17.
OPSET = 20
AXES = ("batch", "frames", "channels", "height", "width")


class NoGraphError(ValueError):
    """ONNX cannot hold this network, or onnxruntime computes something else."""


class _Graph(nn.Module):
    def __init__(self, part: GraphPart, network: nn.Module) -> None:
        super().__init__()
        self.network = network  # holds the weights
        self.part = part

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.part.run(*inputs)


@dataclass(frozen=True)
class _Form:
    """Which axes of a graph are free, what it is traced with, and what it must prove itself on."""

    free: tuple[str, ...]
    traced: tuple[int, int, int]  # batch, height, width
    others: tuple[tuple[int, int, int], ...] = ()


def _forms(part: GraphPart, height: int, width: int) -> Iterator[_Form]:
    # an odd size, so that what is padded to a multiple is padded in the trace; torch takes a batch
    # of one for a constant
    traced = (2 if "batch" in part.free else 1, (height | 1) + 2, (width | 1) + 4)
    others = ((1, height, width), (1, 2 * height + 1, width + 8))
    yield _Form((*part.free, "height", "width"), traced, others)
    yield _Form((), (1, height, width))


@torch.no_grad()
def write_graph(
    part: GraphPart, network: nn.Module, size: tuple[int, int], folder: Path, tolerance: float
) -> dict[str, Any]:
    """Write ``PART.onnx`` and return what the manifest says of it.

    Args:
        part: What to export.
        network: What holds its weights, in evaluation mode.
        size: Height and width of the LQ frames that it is traced with.
        folder: Where it goes.
        tolerance: Largest difference allowed, as ``difference`` measures it.

    Raises:
        NoGraphError: It cannot be exported; the message says why in one sentence.
    """
    path, failures = folder / f"{part.name}.onnx", []
    for form in _forms(part, *size):
        try:
            with _quiet():
                _trace(part, network, form, path)
                session = open_graph(path)
            worst = _compare(part, session, form, tolerance)
        except Exception as error:  # the exporter raises whatever its parts raise
            failures.append(error)
            path.unlink(missing_ok=True)
            continue
        return _describe(part, session, form, worst, path)
    raise NoGraphError(_reason(failures[-1]))


def open_graph(path: Path) -> Any:
    """A session of onnxruntime on the CPU."""
    ort = require("onnxruntime", "export")
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    options.intra_op_num_threads = torch.get_num_threads()
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def difference(found: Sequence, expected: Tensor | Sequence[Tensor]) -> float:
    """The largest absolute difference, over the largest expected value where that is above 1.

    Infinite where shapes differ or a value is not a number.
    """
    expected = [expected] if isinstance(expected, Tensor) else list(expected)
    worst = 0.0
    for one, other in zip(found, expected, strict=True):
        one = torch.from_numpy(one)
        if one.shape != other.shape or not one.isfinite().all():
            return float("inf")
        scale = max(1.0, other.abs().max().item())
        worst = max(worst, (one - other).abs().max().item() / scale)
    return worst


def _trace(part: GraphPart, network: nn.Module, form: _Form, path: Path) -> None:
    tensors = _inputs(part, *form.traced)
    torch.onnx.export(
        _Graph(part, network).eval(),
        tuple(tensors),
        str(path),
        dynamo=True,
        opset_version=OPSET,
        input_names=list(part.inputs),
        output_names=list(part.outputs),
        dynamic_shapes=(_free_axes(part, form),) if form.free else None,
        custom_translation_table={torch.ops.torchvision.deform_conv2d.default: _deform_conv},
        external_data=False,
        verbose=False,
    )


def _inputs(part: GraphPart, batch: int, height: int, width: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.rand(batch, frames, channels, scale * height, scale * width, generator=generator)
        for frames, channels, scale in part.inputs.values()
    ]


def _free_axes(part: GraphPart, form: _Form) -> tuple[dict[int, Any], ...]:
    dims = {name: torch.export.Dim(name, min=1 if name == "batch" else 2) for name in form.free}
    return tuple(
        {
            AXES.index(name): dim * clip.scale if name in ("height", "width") else dim
            for name, dim in dims.items()
        }
        for clip in part.inputs.values()
    )


def _compare(part: GraphPart, session: Any, form: _Form, tolerance: float) -> float:
    worst = 0.0
    for shape in (form.traced, *form.others):
        inputs = _inputs(part, *shape)
        found = session.run(None, {k: v.numpy() for k, v in zip(part.inputs, inputs, strict=True)})
        found_difference = difference(found, part.run(*inputs))
        if not found_difference <= tolerance:
            raise NoGraphError(
                f"onnxruntime and torch give different results: at {shape[2]}x{shape[1]} pixels "
                f"the largest difference is {found_difference:.1e}, above {tolerance:.0e}"
            )
        worst = max(worst, found_difference)
    return worst


def _describe(
    part: GraphPart, session: Any, form: _Form, worst: float, path: Path
) -> dict[str, Any]:
    return {
        "part": part.name,
        "file": path.name,
        "inputs": {i.name: i.shape for i in session.get_inputs()},
        "outputs": {o.name: o.shape for o in session.get_outputs()},
        "opset": OPSET,
        "free_axes": list(form.free),
        "checked_at": [
            {"batch": n, "height": h, "width": w} for n, h, w in (form.traced, *form.others)
        ],
        "max_difference": worst,
        "sha256": file_sha256(path),
    }


def _deform_conv(
    x, weight, offset, mask, bias, sh, sw, ph, pw, dh, dw, groups, offset_groups, use_mask
):  # noqa: ANN001, ANN202 - onnxscript reads annotations, and has no name for these
    """The operator of torchvision as ONNX's; the exporter knows no operators but torch's own."""
    op = require("onnxscript", "export").opset20
    return op.DeformConv(
        x,
        weight,
        offset,
        bias,
        mask if use_mask else None,
        dilations=[dh, dw],
        group=groups,
        offset_group=offset_groups,
        pads=[ph, pw, ph, pw],
        strides=[sh, sw],
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter prints whole graphs when it fails."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _reason(error: BaseException) -> str:
    """One sentence out of the exporter's pages."""
    if isinstance(error, NoGraphError):
        return str(error)
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    text = "\n".join(str(link) for link in chain)
    branch = re.search(r'File "([^"]+)", line (\d+), in \w+\n\s+((?:if|while|assert) .+)', text)
    if "data-dependent" in text.lower() and branch:
        path, line, code = branch.groups()
        place = "/".join(Path(path).parts[-2:])
        return (
            f"it branches on the values of its data ({place}:{line}: `{code.strip()}`), which a "
            "graph cannot do"
        )
    operator = re.search(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", text)
    if operator:
        return f"its operator {operator.group(1)} does not exist in ONNX"
    first = next((line for line in str(chain[-1]).splitlines() if line.strip()), "no message")
    return f"the exporter failed: {type(chain[-1]).__name__}: {first.strip()[:200]}"
