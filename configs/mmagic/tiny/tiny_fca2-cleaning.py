# Stage 1a: the tiny cleaning network learns to undo coding noise in LQ frames.
_base_ = '../_base_/tiny.py'

model = dict(generator=dict(_delete_=True, type='FCA2Net', stage='cleaning', preset='tiny'))

train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_prefix=dict(img='train/lq', gt='train/lq'),
        pipeline=[
            _base_.draw_lq, _base_.segment, *_base_.load,
            dict(type='SetValues', dictionary=dict(scale=1)),
            dict(type='PairedRandomCrop', gt_patch_size=32), *_base_.turns, _base_.pack
        ]))
clips = dict(data_prefix=dict(img='test/lq_crf25', gt='test/lq'), **_base_.clips)
val_dataloader = dict(_delete_=True, dataset=clips, **_base_.loader)
test_dataloader = [dict(dataset=clips, **_base_.loader)]
test_evaluator = [_base_.val_evaluator]

train_cfg = dict(max_iters=400, val_interval=400)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=400, eta_min=1e-5)
]
