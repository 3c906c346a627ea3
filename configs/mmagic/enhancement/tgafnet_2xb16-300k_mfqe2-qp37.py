# TGAFNet, three SDCBs: "Ours" of Tables I to IV.
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2TGAFNet', num_sdcbs=3))
