"""What a machine with a GPU proves in ten minutes, and one without in two: ``gpu_check.sh``.

::

    run - for each step a process with its time limit - step - one line of JSON - verdict
"""
