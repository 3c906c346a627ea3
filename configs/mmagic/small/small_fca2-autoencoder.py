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

train_dataloader = dict(
    dataset=dict(task='autoencoder', dataroot_lq=None, crfs=[], raw_prob=1, gt_size=64))
clips = dict(
    type='FCA2ClipsDataset',
    task='autoencoder',
    dataroot_gt='data/clips/val/gt',
    pipeline=[_base_.pack])
val_dataloader = dict(dataset=dict(_delete_=True, **clips))
test_dataloader = [dict(dataset=clips, **_base_.loader)]
test_evaluator = [_base_.val_evaluator]

train_cfg = dict(max_iters=500, val_interval=500)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=500, eta_min=1e-5)
]
