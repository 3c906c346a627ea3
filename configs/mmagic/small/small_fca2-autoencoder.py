# Stage 1b of FCA²: the frame autoencoder learns to rebuild HR frames from its codes.
_base_ = '../_base_/small.py'

model = dict(
    generator=dict(
        type='FCA2Net',
        stage='autoencoder',
        preset='tiny',
        autoencoder=dict(
            flow_mode='concat',
            spynet=dict(num_levels=4, widths=(24, 32, 24), kernel_size=3)),
        color_correction=None,
        checkpoints=dict(spynet='work_dirs/small_flow')))

raw = dict(task='autoencoder', dataroot_lq=None, crfs=[], raw_prob=None)  # without LQ frames
train_dataloader = dict(dataset=dict(gt_size=64, **raw))
val_dataloader = dict(dataset=raw)
test_dataloader = [dict(dataset=dict(_base_.at_crf[1], **raw), **_base_.loader)]
test_evaluator = [_base_.val_evaluator]

train_cfg = dict(max_iters=500, val_interval=500)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=500, eta_min=1e-5)
]
