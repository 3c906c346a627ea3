"""The one way a network runs on a clip: settings, loading, windows, tiles and the run itself.

::

    config + checkpoint -+
    weights that ship   -+- load - ClipRunner - run_windows - frames
    a module            -+            |             |
                              InferenceSettings   windows, tiles (chosen by ``sizes``)

``fca2 evaluate``, ``upscale``, ``benchmark``, ``serve`` and ``report`` come through here, so that
they give the same numbers for the same network.
"""
