# The baseline: a compact recurrent network alone, its flow from small_flow.py.
_base_ = '../_base_/small.py'

load_from = 'work_dirs/small_flow/iter_500.pth'
