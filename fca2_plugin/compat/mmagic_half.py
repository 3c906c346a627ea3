"""MMagic's warping in half precision.

Breaks: nothing loudly. Flow-guided networks lose their alignment right of pixel 256 under bfloat16.
Why: ``flow_warp`` counts pixels in the dtype of what it warps, which autocast makes half.
Changes nothing: results in float32, to the last bit.
"""

from fca2_plugin.compat.half_precision import replace_warp

__all__ = ["apply"]


def apply() -> str:
    import mmagic.models
    from mmagic.models.utils import flow_warp

    replace_warp(mmagic.__name__, flow_warp)
    return "in half precision flow_warp could not count pixels beyond 256"
