# Stage 1b: the tiny frame autoencoder learns to rebuild HR frames from its codes.
_base_ = '../_base_/tiny.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2Net',
        stage='autoencoder',
        preset='tiny',
        color_correction=None))

train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_prefix=dict(img='train/gt', gt='train/gt'),
        pipeline=[
            _base_.segment, *_base_.load,
            dict(type='SetValues', dictionary=dict(scale=1)),
            dict(type='PairedRandomCrop', gt_patch_size=48), *_base_.turns, _base_.pack
        ]))
clips = dict(data_prefix=dict(img='test/gt', gt='test/gt'), **_base_.clips)
val_dataloader = dict(_delete_=True, dataset=clips, **_base_.loader)
test_dataloader = [dict(dataset=clips, **_base_.loader)]
test_evaluator = [_base_.val_evaluator]
