# A tiny BasicVSR, clips that the data set makes, and few iterations: a few minutes on a CPU.
_base_ = 'mmagic::basicvsr/basicvsr_2xb4_reds4.py'

custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
experiment_name = None  # the name of the config
work_dir = None  # ./work_dirs/<name of the config>
randomness = dict(seed=0)

model = dict(
    generator=dict(mid_channels=32, num_blocks=3, spynet_pretrained=None),
    # SPyNet keeps its random weights here, in the baseline and in the wrapped network
    train_cfg=dict(fix_iter=1_000_000))

clips = dict(  # the data set makes them once
    type='FCA2ClipsDataset', scale=4, crfs=[15, 25, 35], demo=dict(root='data/demo'))
train_roots = dict(dataroot_gt='data/demo/train/gt', dataroot_lq='data/demo/train/lq')
test_roots = dict(dataroot_gt='data/demo/test/gt', dataroot_lq='data/demo/test/lq')

train_dataloader = dict(
    num_workers=1,
    batch_size=1,
    sampler=dict(type='FCA2InfiniteSampler'),  # draws do not depend on workers or a resume
    dataset=dict(
        _delete_=True,
        raw_prob=0.5,
        num_frame=7,
        gt_size=96,
        use_hflip=True,
        use_vflip=True,
        use_rot=True,
        **train_roots,
        **clips))

loader = dict(
    num_workers=0,
    batch_size=1,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False))
test_clips = [
    dict(clips, crfs=[crf], raw_prob=0, test_mode=True, **test_roots) for crf in (15, 25, 35)
]
val_dataloader = dict(_delete_=True, dataset=test_clips[1], **loader)
val_evaluator = dict(
    _delete_=True,
    type='Evaluator',
    metrics=[dict(type='PSNR', convert_to='Y'), dict(type='SSIM', convert_to='Y')])
test_dataloader = [dict(dataset=dataset, **loader) for dataset in test_clips]
test_evaluator = [
    [
        dict(type='PSNR', convert_to='Y', prefix=f'CRF{crf}'),
        dict(type='SSIM', convert_to='Y', prefix=f'CRF{crf}')
    ] for crf in (15, 25, 35)
]

optim_wrapper = dict(
    _delete_=True, type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-3, betas=(0.9, 0.99)))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=600, val_interval=600)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=600, eta_min=1e-5)
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=200, out_dir=None, max_keep_ckpts=2))
custom_hooks = [dict(type='FCA2ProgressHook')]
env_cfg = dict(dist_cfg=dict(backend='gloo'), mp_cfg=dict(opencv_num_threads=1))
