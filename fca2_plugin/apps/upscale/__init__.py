"""Real video in, real video out: ``upscale``.

::

    source - decode - windows - network - pictures - encode - segments -+
       |     (thread)           (thread)                                 +- join - out
       +------------ sound, subtitles, chapters, metadata --------------+
"""

from fca2_plugin.apps.preset_list import list_presets
from fca2_plugin.apps.upscale.network import Upscaler
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.result import Progress, UpscaleResult
from fca2_plugin.apps.upscale.run import plan_upscale, upscale

__all__ = [
    "Progress",
    "UpscaleOptions",
    "UpscaleResult",
    "Upscaler",
    "list_presets",
    "plan_upscale",
    "upscale",
]
