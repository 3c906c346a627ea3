# STDF-R3 for any QP: continues from small_stdf-r3, with clips coded at five QPs.
_base_ = './small_stdf-r3.py'

load_from = 'work_dirs/small_stdf-r3/iter_1200.pth'
train_dataloader = dict(dataset=dict(qp=[22, 27, 32, 37, 42]))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_iters=300, val_interval=300)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=300, eta_min=1e-5)
]
