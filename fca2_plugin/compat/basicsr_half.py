"""BasicSR's warping and deformable convolution in half precision.

Breaks: nothing loudly when warping, where networks lose their alignment right of pixel 256 under
bfloat16; BasicVSR++ and EDVR fail on a CPU.
Why: ``flow_warp`` counts pixels in the dtype of what it warps, which autocast makes half, and
torchvision's deformable convolution has no such kernel there.
Does nothing: in float32.
"""

from fca2_plugin.compat.half_precision import deform_in_float32, warp_in_float32

__all__ = ["apply"]


def apply() -> str:
    import basicsr.archs
    from basicsr.archs.arch_util import flow_warp

    warp_in_float32(basicsr.__name__, flow_warp)
    deform_in_float32()
    return "in half precision flow_warp could not count pixels beyond 256"
