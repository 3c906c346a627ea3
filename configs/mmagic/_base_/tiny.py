# A few minutes on a CPU: tiny BasicVSR, clips that the data set makes itself, few iterations.
_base_ = 'mmagic::basicvsr/basicvsr_2xb4_reds4.py'

custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
experiment_name = None  # the name of the config that is run
work_dir = None  # ./work_dirs/<name of the config>
randomness = dict(seed=0)

model = dict(
    generator=dict(mid_channels=32, num_blocks=3, spynet_pretrained=None),
    # no weights for SPyNet here: it stays as it starts, in the baseline and in the wrapped net
    train_cfg=dict(fix_iter=1_000_000))

segment = dict(type='GenerateSegmentIndices', interval_list=[1])
draw_lq = dict(type='FCA2DrawLQ', crfs=[15, 25, 35], raw_prob=0.5)
load = [
    dict(type='LoadImageFromFile', key='img', channel_order='rgb'),
    dict(type='LoadImageFromFile', key='gt', channel_order='rgb'),
]
both = ['img', 'gt']
turns = [  # LQ pixels lie in the middle of their blocks, so that a mirror leaves them there
    dict(type='Flip', keys=both, flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=both, flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=both, transpose_ratio=0.5),
]
pack = dict(type='PackInputs')

train_dataloader = dict(
    num_workers=1,
    batch_size=1,
    sampler=dict(type='FCA2InfiniteSampler'),  # draws do not depend on workers or a resume
    dataset=dict(
        type='FCA2DemoDataset',
        data_root='data/demo',
        data_prefix=dict(img='train/lq', gt='train/gt'),
        ann_file='',
        num_input_frames=7,
        pipeline=[
            draw_lq, segment, *load,
            dict(type='SetValues', dictionary=dict(scale=4)),
            dict(type='PairedRandomCrop', gt_patch_size=96), *turns, pack
        ]))

loader = dict(
    num_workers=0,
    batch_size=1,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False))
clips = dict(
    type='FCA2DemoDataset',
    data_root='data/demo',
    search_key='gt',
    pipeline=[segment, *load, pack])
val_dataloader = dict(
    _delete_=True,
    dataset=dict(data_prefix=dict(img='test/lq_crf25', gt='test/gt'), **clips),
    **loader)
val_evaluator = dict(
    _delete_=True,
    type='Evaluator',
    metrics=[dict(type='PSNR', convert_to='Y'), dict(type='SSIM', convert_to='Y')])
test_dataloader = [
    dict(dataset=dict(data_prefix=dict(img=f'test/lq_crf{crf}', gt='test/gt'), **clips), **loader)
    for crf in (15, 25, 35)
]
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
