"""FCA² in BasicSR: import this module, or run a YAML through ``fca2_plugin.basicsr.train``.

Importing it makes the host importable on a current torch (``fca2_plugin.compat``) and adds to
BasicSR's registries the networks ``FCA2Net`` (``FCA2Wrapper`` is the same), ``FCA2Autoencoder``,
``FCA2CleaningNet``, the adapters ``FCA2SlidingWindow`` and ``FCA2FramesAsBatch``, the data sets
``FCA2VideoDataset`` and ``FCA2VideoTestDataset``, and the model ``FCA2Model``.
"""

from fca2_plugin.compat import prepare_basicsr

prepare_basicsr()

from fca2_plugin.basicsr.register import register_all  # noqa: E402  the host must be ready first

register_all()
