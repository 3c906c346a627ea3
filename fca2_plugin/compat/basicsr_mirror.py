"""BasicSR's BasicVSR++ forgets the last clip before it looks at the next.

Breaks: nothing loudly. After one clip of an even length that equals itself backwards (a still
scene, a sequence extended by mirroring), the forward flows of every later clip are the backward
ones turned round.
Why: the network notes such a clip and never takes the note back; MMagic's does for every clip.
"""

import functools
from typing import Any

from torch import Tensor

__all__ = ["apply"]


def apply() -> str:
    from basicsr.archs.basicvsrpp_arch import BasicVSRPlusPlus

    check = BasicVSRPlusPlus.check_if_mirror_extended

    @functools.wraps(check)
    def check_afresh(self: Any, lqs: Tensor) -> None:
        self.is_mirror_extended = False
        check(self, lqs)

    BasicVSRPlusPlus.check_if_mirror_extended = check_afresh
    return "BasicVSR++ would treat every clip after a mirrored one as mirrored too"
