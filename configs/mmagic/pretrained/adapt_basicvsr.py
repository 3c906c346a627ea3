# FCA² learns around the network of crf_basicvsr.py, which stays frozen. Its results on the
# training samples are computed once (ten minutes on a core) and kept in data/adapt.
_base_ = './crf_basicvsr.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    preset='fast',
    stage='adapt',
    autoencoder=dict(clean_channels=0),  # codes are key frames, so their results never change
    cleaning=False,
    checkpoints=dict(vsr='work_dirs/crf_basicvsr'),
    vsr_cache='data/adapt')
load_from = None

# the shortest clip has 10 frames; key frames are spread over them, without chunks
train_dataloader = dict(
    dataset=dict(num_frame=10, chunk_frames=None, gt_size=192, distinct_samples=10))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_iters=4000, val_interval=4000)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=4000, eta_min=1e-5)
]
default_hooks = dict(checkpoint=dict(interval=250))
