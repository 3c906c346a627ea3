"""BasicSR's warping and deformable convolution in half precision, and its warping on a GPU.

Breaks: nothing loudly when warping, where networks lose their alignment right of pixel 256 under
bfloat16; BasicVSR++ and EDVR fail on a CPU. On a GPU every warp waits for a copy from the CPU, and
BasicVSR cannot be captured as a CUDA graph.
Why: ``flow_warp`` counts pixels in the dtype of what it warps, which autocast makes half, and
torchvision's deformable convolution has no such kernel there. The positions are made on the CPU.
Changes nothing: results in float32, to the last bit.
"""

from fca2_plugin.compat.half_precision import deform_in_float32, replace_warp

__all__ = ["apply"]


def apply() -> str:
    import basicsr.archs
    from basicsr.archs.arch_util import flow_warp

    replace_warp(basicsr.__name__, flow_warp)
    deform_in_float32()
    return "in half precision flow_warp could not count pixels beyond 256"
