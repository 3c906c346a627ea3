"""The command of ``make_pictures.sh``."""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from fca2_plugin._errors import run_command
from fca2_plugin._files import file_at_once
from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.codec import CodecSettings, read_video
from fca2_plugin.data import encode_tree, find_clips, read_frames, write_frames
from fca2_plugin.inference.run import to_clip
from fca2_plugin.inference.shipped import load_shipped

CONDITION, CRF = "crf25", 25
GAP, TITLE = 6, 40  # pixels between pictures, and for their titles
ZOOM = 2  # a pixel of the result is so many of the picture's
ROUNDS = 3


def main() -> int:
    """Make the pictures and return the exit code."""
    parser = argparse.ArgumentParser(prog="make_pictures.sh")
    parser.add_argument("video", metavar="VIDEO", help="ground truth")
    parser.add_argument("out", metavar="OUT", help="the folder of before_after.png")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="the first frame")
    parser.add_argument("--frames", type=int, default=14, metavar="N", help="how many")
    parser.add_argument("--show", type=int, default=8, metavar="N", help="the one that is shown")
    parser.add_argument("--halve", action="store_true", help="shrink the ground truth by 2 first")
    box = {"nargs": 4, "type": int, "metavar": ("X", "Y", "W", "H")}
    parser.add_argument("--region", **box, help="what is used of a frame (default: all)")
    parser.add_argument("--crop", **box, default=[0, 0, 160, 120], help="what is shown of that")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args()
    return run_command(lambda: _run(args), args.debug)


def _run(args: argparse.Namespace) -> int:
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        pictures = _pictures(args, Path(folder))
    _save(_row(pictures, args.crop), out / "before_after.png")
    return 0


def _pictures(args: argparse.Namespace, folder: Path) -> dict[str, np.ndarray]:
    """The shown frame by its title: bicubic, what ships, and the ground truth."""
    truth = list(_frames(args))
    write_frames(folder / "source" / "clip", truth)
    codec = CodecSettings("libx264", crf=CRF, pix_fmt="yuv420p")
    encode_tree(folder / "source", folder / "tree", codecs=[codec])
    large = load_shipped("large")
    networks = {"small": load_shipped("small"), "BasicVSR": large.vsr, "in FCA² (large)": large}
    lq = list(read_frames(find_clips(next((folder / "tree").rglob(f"lq_{CONDITION}")))[0]))
    times = _processor_ms(networks, to_clip(lq, "cpu"))
    shown = {"bicubic": _result(folder, "bicubic", args.show, floor="bicubic")}
    for index, (name, network) in enumerate(networks.items()):
        title = f"{name}, {times[name]:.0f} ms"
        phase = large.spec.phase if index else None
        shown[title] = _result(folder, str(index), args.show, network=network, phase=phase)
        print(title)
    return {**shown, "ground truth": truth[args.show]}


@torch.inference_mode()
def _processor_ms(networks: Mapping[str, nn.Module], clip: Tensor) -> dict[str, float]:
    """Processor time for a frame, which other programs do not change much: medians, in turns."""
    seconds = {name: [] for name in networks}
    for _ in range(ROUNDS):
        for name, network in networks.items():
            start = time.process_time()
            network(clip)
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(all_) / clip.shape[1] * 1e3 for name, all_ in seconds.items()}


def _frames(args: argparse.Namespace) -> Iterator[np.ndarray]:
    """The ground truth's frames, with sides that stay even when they are 4 times smaller."""
    for frame in islice(read_video(args.video), args.start, args.start + args.frames):
        if args.halve:
            frame = np.asarray(Image.fromarray(frame).reduce(2))
        x, y, width, height = args.region or (0, 0, frame.shape[1], frame.shape[0])
        yield np.ascontiguousarray(frame[y : y + height // 8 * 8, x : x + width // 8 * 8])


def _result(folder: Path, name: str, index: int, **method: object) -> np.ndarray:
    """One frame of what a method makes of the compressed clip."""
    saved = folder / "results" / name
    evaluate(data=folder / "tree", conditions=[CONDITION], save=saved, name=name, **method)
    return np.asarray(Image.open(sorted(saved.rglob("*.png"))[index]))


def _row(pictures: dict[str, np.ndarray], crop: list[int]) -> Image.Image:
    """Put the same part of every picture side by side, each under its title."""
    x, y, width, height = crop
    side = width * ZOOM
    row = Image.new(
        "RGB", (len(pictures) * (side + GAP) - GAP, height * ZOOM + TITLE), (255, 255, 255)
    )
    draw = ImageDraw.Draw(row)
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), 20)
    for index, (title, picture) in enumerate(pictures.items()):
        left = index * (side + GAP)
        part = Image.fromarray(picture).crop((x, y, x + width, y + height))
        row.paste(part.resize((side, height * ZOOM), Image.NEAREST), (left, TITLE))
        draw.text((left + side / 2, TITLE / 2), title, fill=(20, 20, 20), font=font, anchor="mm")
    return row


def _save(image: Image.Image, path: Path) -> None:
    with file_at_once(path) as part:
        image.save(part, format="PNG", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
