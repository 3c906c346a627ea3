# Stage 1b: the frame autoencoder learns to rebuild HR frames from its codes (Sec. III-B to III-D).
# Input and target are the same frames, so colour correction sees the target's statistics, as in
# the paper's Tables III, VI, VII and VIII: this measures the autoencoder, not super-resolution.
_base_ = '../_base_/reds-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2Net',
        stage='autoencoder',
        preset='released',
        autoencoder=dict(n_subs=9, n_ovls=3),  # Sec. IV-A2
        color_correction='frame',  # eq. 4
        chunks_at_once=2,  # REDS4 clips have 100 frames of 1280x720
        checkpoints=dict(
            spynet='https://download.openmmlab.com/mmediting/restorers'
            '/basicvsr/spynet_20210409-c6c1bd09.pth')),
    train_cfg=dict(fix_iter=5000))  # SPyNet is frozen for the first 5,000 iterations: Sec. IV-A2

optim_wrapper = dict(optimizer=dict(lr=1e-4))  # Sec. IV-A2

raw = dict(task='autoencoder', degradation=None, crfs=[], raw_prob=None)  # without LQ frames
train_dataloader = dict(dataset=dict(gt_size=64, **raw))
val_dataloader = dict(dataset=raw)
test_dataloader = [dict(dataset=dict(_base_.test_clips[1], **raw), **_base_.loader)]
test_evaluator = [_base_.val_evaluator]
