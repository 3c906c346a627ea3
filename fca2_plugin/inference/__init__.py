"""Running a network on a clip: settings, loading, windows, tiles and the run itself.

::

    config + checkpoint -+
    weights that ship   -+- load - ClipRunner - run_windows - frames
    a module            -+            |             |
                              InferenceSettings   windows, tiles (chosen by ``sizes``)

``fca2 evaluate``, ``upscale``, ``benchmark``, ``serve`` and ``report`` use this package, so they
give the same numbers for the same network.
"""
