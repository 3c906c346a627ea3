# Stage 1a: the tiny cleaning network learns to undo coding noise in LQ frames.
_base_ = '../_base_/tiny.py'

model = dict(generator=dict(_delete_=True, type='FCA2Net', stage='cleaning', preset='tiny'))

train_dataloader = dict(batch_size=4, dataset=dict(task='cleaning', gt_size=32))
val_dataloader = dict(dataset=dict(task='cleaning'))
test_dataloader = [dict(dataset=dict(_base_.test_clips[1], task='cleaning'), **_base_.loader)]
test_evaluator = [_base_.val_evaluator]

train_cfg = dict(max_iters=400, val_interval=400)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=400, eta_min=1e-5)
]
