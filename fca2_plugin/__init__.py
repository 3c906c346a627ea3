"""FCA² (Frame Compression-Aware Autoencoder) for MMagic and BasicSR.

Importing this package is cheap and changes nothing. ``fca2_plugin.mmagic`` and
``fca2_plugin.basicsr`` register the models with their host when they are imported.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
