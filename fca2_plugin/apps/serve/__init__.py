"""A local page to drop videos on: upscaled one after the other, and compared with a slider.

::

    browser - handler - queue - upscale - result
                 |                 |
                 +--- slider --- comparison
"""

from fca2_plugin.apps.serve.server import PageServer, open_server

__all__ = ["PageServer", "open_server"]
