"""FCA² in MMagic: name this module in ``custom_imports`` and use the types it registers.

Importing it makes the host importable on a current torch (``fca2_plugin.compat``) and adds to
MMagic's registries: the models ``FCA2Wrapper``, ``FCA2Net``, ``FCA2Autoencoder``,
``FCA2CleaningNet``, and the adapters ``FCA2SlidingWindow`` and ``FCA2FramesAsBatch``; the datasets
``FCA2ClipsDataset`` and ``FCA2FramesDataset`` with the sampler
``FCA2InfiniteSampler``; the transforms ``FCA2Degrade``, ``FCA2RandomCodec`` and ``FCA2DrawLQ``; the
hook ``FCA2ProgressHook``. For enhancement at scale 1 there are ``FCA2EnhancementModel``,
``FCA2EnhancementDataset``, ``FCA2EnhancementTestDataset`` and the metrics ``FCA2DeltaPSNR``,
``FCA2DeltaSSIM``, ``FCA2LumaPSNR`` and ``FCA2LumaSSIM``.
"""

from fca2_plugin.compat import prepare_mmagic

prepare_mmagic()

from fca2_plugin.mmagic.register import register_all  # noqa: E402  the host must be ready first

register_all()
