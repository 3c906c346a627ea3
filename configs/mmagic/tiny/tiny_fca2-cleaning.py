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
            dict(type='PairedRandomCrop', gt_patch_size=32), _base_.transpose, _base_.pack
        ]))
val_dataloader = dict(dataset=dict(data_prefix=dict(img='test/lq_crf25', gt='test/lq')))
test_dataloader = [val_dataloader]
test_evaluator = [_base_.val_evaluator]
