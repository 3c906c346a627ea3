# A first gain in minutes on a CPU: your own clips, luma, coded by x265's fastest preset instead of
# HM. That preset does not use SAO, and so leaves more to correct.
#
#   bash tools/train_enhancement.sh CLIPS TEST_CLIPS
_base_ = './mfqe2.py'

model = dict(generator=dict(quick_start=True))
tree = dict(dataroot='data/small_mfqe', qp=37, codec='x265_LDP')
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    batch_size=4,
    dataset=dict(split='train', gt_size=64, **tree))
test_videos = dict(type='FCA2EnhancementTestDataset', split='test', **tree)
val_dataloader = dict(dataset=dict(_delete_=True, **test_videos))
test_dataloader = dict(dataset=dict(_delete_=True, **test_videos))

optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_iters=1200, val_interval=1200)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=1200, eta_min=1e-5)
]
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(interval=100, max_keep_ckpts=2, save_best=None))
custom_hooks = [dict(type='FCA2ProgressHook')]
randomness = dict(seed=0)
env_cfg = dict(dist_cfg=dict(backend='gloo'), mp_cfg=dict(opencv_num_threads=1))
