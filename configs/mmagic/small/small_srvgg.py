# The floor: every frame on its own, by SRVGGNetCompact's chain of convolutions.
_base_ = '../_base_/small.py'

model = dict(generator=dict(type='FCA2CompactSRNet'))

train_dataloader = dict(dataset=dict(dataroot_lq=_base_.real, crfs=[], raw_prob=None))
