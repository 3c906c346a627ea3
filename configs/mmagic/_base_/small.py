# Shared settings: small networks on real footage, trained on one CPU core.
_base_ = 'mmagic::basicvsr/basicvsr_2xb4_reds4.py'

custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
experiment_name = None  # the name of the config
work_dir = None  # ./work_dirs/<name of the config>
randomness = dict(seed=0)

model = dict(
    generator=dict(_delete_=True, type='FCA2CompactVSRNet'),
    train_cfg=dict(fix_iter=0))  # the flow network learns from the start

clips = dict(  # tools/train_small.sh makes them; LQ pixels lie as in ordinary video
    type='FCA2ClipsDataset', scale=4, crfs=[15, 25, 35])
# the same clips, made like real video: other scalers, 4:2:0, other encoders and rates
real = [
    *[f'data/clips/train/lq{kind}' for kind in ('', '', '_crf15', '_crf25', '_crf35')],
    *[f'data/real/area/train/lq{kind}' for kind in ('', '_crf18', '_crf23', '_crf28')],
    *[f'data/real/area/train/lq{kind}' for kind in ('_crf33', '_crf38')],
    *[f'data/real/bi/train/lq{kind}' for kind in ('', '_x265-crf22', '_x265-crf32', '_vp9')],
]
val_roots = dict(dataroot_gt='data/clips/val/gt', dataroot_lq='data/clips/val/lq')

train_dataloader = dict(
    num_workers=0,
    batch_size=4,
    persistent_workers=False,
    sampler=dict(type='FCA2InfiniteSampler'),  # draws do not depend on workers or a resume
    dataset=dict(
        _delete_=True,
        dataroot_gt='data/clips/train/gt',
        dataroot_lq='data/clips/train/lq',
        raw_prob=0.5,
        num_frame=7,
        gt_size=128,
        use_hflip=True,
        use_vflip=True,
        use_rot=True,
        random_reverse=True,
        cache_data=True,  # 1.4 GB
        **clips))

loader = dict(
    num_workers=0,
    batch_size=1,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False))
at_crf = [
    dict(clips, **val_roots, crfs=[crf], raw_prob=0, test_mode=True) for crf in (15, 25, 35)
]
val_dataloader = dict(_delete_=True, dataset=at_crf[1], **loader)
val_evaluator = dict(
    _delete_=True,
    type='Evaluator',
    metrics=[dict(type='PSNR', convert_to='Y'), dict(type='SSIM', convert_to='Y')])
test_dataloader = [dict(dataset=dataset, **loader) for dataset in at_crf]
test_evaluator = [
    [
        dict(type='PSNR', convert_to='Y', prefix=f'CRF{crf}'),
        dict(type='SSIM', convert_to='Y', prefix=f'CRF{crf}')
    ] for crf in (15, 25, 35)
]

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3, betas=(0.9, 0.99)),
    paramwise_cfg=dict(custom_keys=dict(spynet=dict(lr_mult=0.25))))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2400, val_interval=1200)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=2400, eta_min=1e-5)
]
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=200, out_dir=None, max_keep_ckpts=2))
custom_hooks = [dict(type='FCA2ProgressHook')]
env_cfg = dict(dist_cfg=dict(backend='gloo'), mp_cfg=dict(opencv_num_threads=1))
