"""What a machine with a GPU proves in ten minutes, and one without in two: ``tools/gpu_check.sh``.

::

    run - for each step a process with its time limit - step - one line of JSON - verdict
"""

from fca2_plugin.apps.gpu_check.run import STEPS, Step, check

__all__ = ["STEPS", "Step", "check"]
