# TGAFNet at full size, trained briefly on your own clips.
_base_ = '../../_base_/small-enhancement.py'

model = dict(generator=dict(type='FCA2TGAFNet'))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_iters=600, val_interval=600)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=600, eta_min=1e-5)
]
