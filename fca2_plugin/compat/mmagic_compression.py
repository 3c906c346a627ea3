"""MMagic's ``RandomVideoCompression`` with a current PyAV.

Breaks: the transform, with ``TypeError: an integer is required`` at its first frame.
Why: it leaves a frame's type to the encoder by ``frame.pict_type = "NONE"``; since version 14 PyAV
takes the number 0 there, which is what a new frame has anyway.
Here: the same draws of codec and bit rate, the same encode in an MP4 in memory, without that line.
Does nothing: without PyAV.
"""

import importlib
import importlib.util
import io
import random
from types import ModuleType

import numpy as np

__all__ = ["apply"]


def apply() -> str | None:
    if importlib.util.find_spec("av") is None:
        return None
    av = importlib.import_module("av")
    from mmagic.datasets.transforms.random_degradations import RandomVideoCompression

    def compress(self: RandomVideoCompression, imgs: list[np.ndarray]) -> list[np.ndarray]:
        [codec] = random.choices(self.params["codec"], self.params["codec_prob"])
        least, most = self.params["bitrate"]
        return _through_mp4(av, imgs, codec, np.random.randint(least, most + 1))

    RandomVideoCompression._apply_random_compression = compress
    return f"PyAV {av.__version__} does not accept a frame's type as text"


def _through_mp4(
    av: ModuleType, imgs: list[np.ndarray], codec: str, bit_rate: int
) -> list[np.ndarray]:
    """Encode RGB images at a bit rate, and return what decodes, as float32."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        height, width = imgs[0].shape[:2]
        stream = container.add_stream(codec, rate=1)
        stream.height, stream.width = height, width
        stream.pix_fmt, stream.bit_rate = "yuv420p", int(bit_rate)
        for img in imgs:
            frame = av.VideoFrame.from_ndarray(img.astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with av.open(io.BytesIO(file.getvalue())) as container:
        decoded = (f.to_ndarray(format="rgb24", threads=1) for f in container.decode(video=0))
        return [frame.astype(np.float32) for frame in decoded]
