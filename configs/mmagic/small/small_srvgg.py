# The lower bound: SRVGGNetCompact's chain of convolutions super-resolves each frame separately.
_base_ = '../_base_/small.py'

model = dict(generator=dict(type='FCA2CompactSRNet'))

train_dataloader = dict(dataset=dict(dataroot_lq=_base_.real, crfs=[], raw_prob=None))
