# Stage 1a: the cleaning network learns to undo coding noise in LQ frames (Sec. III-C1).
# The paper starts from a PIPAL pre-training; here it starts from random weights.
_base_ = '../_base_/reds-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2Net',
        stage='cleaning',
        preset='released',
        cleaning=dict(num_passes=3)))  # Sec. IV-A2

optim_wrapper = dict(optimizer=dict(lr=1e-4))  # Sec. IV-A2

train_dataloader = dict(dataset=dict(task='cleaning', gt_size=64))  # in pixels of the LQ frames
val_dataloader = dict(dataset=dict(task='cleaning'))
test_dataloader = [dict(dataset=dict(_base_.test_clips[1], task='cleaning'), **_base_.loader)]
test_evaluator = [_base_.val_evaluator]
