"""Where one shot ends and the next begins, by PySceneDetect, frame by frame."""

from typing import Any

from fca2_plugin._optional import require
from fca2_plugin.codec.frames import reformat

__all__ = ["CutDetector"]

SIDE = 256  # pixels of the longer side that PySceneDetect sees; its own tools shrink frames, too
THRESHOLD = 15.0  # PySceneDetect's default for this detector
_ANY_RATE = 25.0  # it counts frames; only its type for times asks for a rate


class CutDetector:
    """Finds cuts while frames come by.

    Args:
        threshold: How much the mean pixel must change, 0 to 255.

    Raises:
        ModuleNotFoundError: PySceneDetect is not installed.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        detectors = require("scenedetect.detectors", "video")
        # a cut is wanted at its frame, however soon after another one
        self._detector = detectors.AdaptiveDetector(min_scene_len=0, min_content_val=threshold)
        self._timecode = require("scenedetect", "video").FrameTimecode
        self._size: tuple[int, int] | None = None  # it compares pictures of one size
        self.cuts: list[int] = []

    def watch(self, frame: Any, number: int) -> None:
        """Look at the next decoded ``av.VideoFrame``."""
        if self._size is None:
            sides = frame.width, frame.height
            self._size = tuple(max(8, side * min(SIDE, max(sides)) // max(sides)) for side in sides)
        small = reformat(frame, *self._size, "bgr24", interpolation="AREA").to_ndarray()
        found = self._detector.process_frame(self._timecode(number, fps=_ANY_RATE), small)
        self.cuts += [cut.frame_num for cut in found]
