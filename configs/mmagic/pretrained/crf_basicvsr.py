# The published BasicVSR, trained without compression, learns compressed video.
# Its weights come from `bash tools/get_basicvsr.sh data/basicvsr`.
_base_ = '../_base_/pretrained.py'

load_from = 'data/basicvsr/BasicVSR_Vimeo90K_BDx4_mmagic.pth'

optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_cfg = dict(max_iters=1500, val_interval=1500)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.1, begin=0, end=20),
    dict(
        type='CosineRestartLR',
        by_epoch=False,
        periods=[800, 700],
        restart_weights=[1, 1],
        eta_min=1e-6)
]
default_hooks = dict(checkpoint=dict(interval=50))
