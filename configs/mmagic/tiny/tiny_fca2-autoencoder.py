# Stage 1b: the tiny frame autoencoder learns to rebuild HR frames from its codes.
_base_ = '../_base_/tiny.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2Net',
        stage='autoencoder',
        preset='tiny',
        color_correction=None))

raw = dict(task='autoencoder', dataroot_lq=None, crfs=[], raw_prob=None)  # without LQ frames
train_dataloader = dict(batch_size=4, dataset=dict(gt_size=48, **raw))
val_dataloader = dict(dataset=raw)
test_dataloader = [dict(dataset=dict(_base_.test_clips[1], **raw), **_base_.loader)]
test_evaluator = [_base_.val_evaluator]
