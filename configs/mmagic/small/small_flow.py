# The others' flow network: it rebuilds coded frames from their neighbours (photometric loss).
_base_ = '../_base_/small.py'

model = dict(generator=dict(type='FCA2CompactFlowNet'))

# targets are LQ frames that were not coded
train_dataloader = dict(dataset=dict(task='cleaning', gt_size=48))
val_dataloader = dict(dataset=dict(task='cleaning'))
test_dataloader = [dict(dataset=dict(_base_.at_crf[1], task='cleaning'), **_base_.loader)]
test_evaluator = [_base_.val_evaluator]

optim_wrapper = dict(paramwise_cfg=dict(_delete_=True))
train_cfg = dict(max_iters=500, val_interval=500)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=500, eta_min=1e-5)
]
