# Compressed Vimeo-90K for training, compressed Vid4 for testing (FCA², Sec. IV-A).
# LQ frames are made from the ground truth as they are read: blur, x4, real H.264.
_base_ = 'mmagic::basicvsr/basicvsr_2xb4_vimeo90k-bd.py'

custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
experiment_name = None  # the name of the config that is run
work_dir = None  # ./work_dirs/<name of the config>

load_gt = dict(type='LoadImageFromFile', key='gt', channel_order='rgb')
degrade = dict(type='FCA2Degrade', scale=4, kind='comisr')  # sigma 1.5, x4: Sec. IV-A1
# Before the degradation: every 4th pixel from the first is not the same after a flip, and a
# network trained on both cannot tell which way the LQ frame is shifted.
augment = [
    dict(type='Flip', keys=['gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['gt'], transpose_ratio=0.5),
]
train_pipeline = [
    load_gt,
    *augment,
    degrade,
    # 50 % uncompressed, the rest uniform over the rates: Sec. IV-A2
    dict(type='FCA2RandomCodec', crfs=[15, 25, 35], raw_prob=0.5),
    dict(type='PairedRandomCrop', gt_patch_size=256),
    dict(type='PackInputs'),
]
cleaning_pipeline = [
    load_gt,
    *augment,
    degrade,
    dict(type='CopyValues', src_keys=['img'], dst_keys=['gt']),  # clean LQ is the target
    dict(type='FCA2RandomCodec', crfs=[15, 25, 35], raw_prob=0.5),
    dict(type='SetValues', dictionary=dict(scale=1)),
    dict(type='PairedRandomCrop', gt_patch_size=64),
    dict(type='PackInputs'),
]
autoencoder_pipeline = [
    load_gt,
    *augment,
    dict(type='CopyValues', src_keys=['gt'], dst_keys=['img']),
    dict(type='SetValues', dictionary=dict(scale=1)),
    dict(type='PairedRandomCrop', gt_patch_size=64),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    sampler=dict(type='FCA2InfiniteSampler'),  # draws do not depend on workers, GPUs or a resume
    dataset=dict(
        type='FCA2FramesDataset',
        data_root='data/vimeo90k',
        data_prefix=dict(img='GT', gt='GT'),
        pipeline=train_pipeline))

test_clips = dict(
    type='FCA2FramesDataset',
    test_mode=True,
    data_root='data/Vid4',
    data_prefix=dict(img='GT', gt='GT'),
    ann_file='meta_info_Vid4_GT.txt',
    depth=1)
segment = dict(type='GenerateSegmentIndices', interval_list=[1])
crf_pipelines = [
    [
        segment, load_gt, degrade,
        dict(type='FCA2RandomCodec', crfs=[crf], raw_prob=0), dict(type='PackInputs')
    ] for crf in (15, 25, 35)
]
sampler = dict(type='DefaultSampler', shuffle=False)
loader = dict(num_workers=1, batch_size=1, persistent_workers=False, sampler=sampler)

val_dataloader = dict(
    _delete_=True, dataset=dict(pipeline=crf_pipelines[1], **test_clips), **loader)
val_evaluator = dict(
    _delete_=True,
    type='Evaluator',
    metrics=[dict(type='PSNR', convert_to='Y'), dict(type='SSIM', convert_to='Y')])
test_dataloader = [
    dict(dataset=dict(pipeline=pipeline, **test_clips), **loader) for pipeline in crf_pipelines
]
test_evaluator = [
    [
        dict(type='PSNR', convert_to='Y', prefix=f'Vid4-CRF{crf}'),
        dict(type='SSIM', convert_to='Y', prefix=f'Vid4-CRF{crf}')
    ] for crf in (15, 25, 35)
]

# 400k iterations (Sec. IV-A2). VSR networks keep their published rates; the stages of FCA² set
# theirs in their own configs.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=400_000, val_interval=5000)
param_scheduler = dict(
    type='CosineRestartLR',
    by_epoch=False,
    periods=[400_000],
    restart_weights=[1],
    eta_min=1e-7)
default_hooks = dict(checkpoint=dict(out_dir=None))
