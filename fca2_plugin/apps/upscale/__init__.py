"""Real video in, real video out: ``upscale``.

The road of a frame, and where to read of it:

::

    cli.upscale > files.upscale_files > run.upscale        one video, or several
      look.look        decode all once: times, checksums, cuts, black bars, film
      job.prepare      decide all: size, encoder, streams, segments, chunks and tiles
      run._make_segments, by three threads, a segment after the other:
        pictures.source_pictures    decode - deinterlace - crop - planes
        inference.run.run_windows   chunk - tiles - network - images
        PictureUpscaler.finish      blend - resize - planes
        codec.segment.write_segment encode - a file in the work folder
      codec.remux.join              segments + sound, subtitles, chapters, metadata - out
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
