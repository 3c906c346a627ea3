"""Real video in, real video out: ``upscale``.

::

    source - decode - windows - network - pictures - encode - segments -+
       |     (thread)           (thread)                                 +- join - out
       +------------ sound, subtitles, chapters, metadata --------------+
"""

from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.result import Progress, UpscaleResult
from fca2_plugin.apps.upscale.run import plan_upscale, upscale
from fca2_plugin.inference.weights_list import list_weights

__all__ = [
    "Progress",
    "UpscaleOptions",
    "UpscaleResult",
    "list_weights",
    "plan_upscale",
    "upscale",
]
