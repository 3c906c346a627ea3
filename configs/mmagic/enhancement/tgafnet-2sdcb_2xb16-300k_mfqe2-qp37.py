# TGAFNet with two SDCBs: "Ours-2" of Table III.
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2TGAFNet', num_sdcbs=2))
