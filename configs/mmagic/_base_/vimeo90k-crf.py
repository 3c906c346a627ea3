# Compressed Vimeo-90K for training, compressed Vid4 for testing (FCA², Sec. IV-A).
# LQ frames are made from the ground truth as they are read: blur, x4, real H.264.
_base_ = 'mmagic::basicvsr/basicvsr_2xb4_vimeo90k-bd.py'

custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
experiment_name = None  # the name of the config
work_dir = None  # ./work_dirs/<name of the config>

made = dict(  # with the keys and the samples of BasicSR's configs
    type='FCA2ClipsDataset',
    scale=4,
    degradation='comisr',  # blur of sigma 1.5, every 4th pixel: Sec. IV-A1
    crfs=[15, 25, 35])  # uniform over the rates: Sec. IV-A2
turns = dict(use_hflip=True, use_vflip=True, use_rot=True)

train_dataloader = dict(
    sampler=dict(type='FCA2InfiniteSampler'),  # draws do not depend on workers, GPUs or a resume
    dataset=dict(
        _delete_=True,
        dataroot_gt='data/vimeo90k/GT',  # the only frames that are read
        meta_info_file='data/vimeo90k/meta_info_Vimeo90K_train_GT.txt',
        raw_prob=0.5,  # half stays uncompressed: Sec. IV-A2
        num_frame=7,
        gt_size=256,
        **turns,
        **made))

loader = dict(
    num_workers=1,
    batch_size=1,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False))
test_clips = [
    dict(made, dataroot_gt='data/Vid4/GT', crfs=[crf], raw_prob=0, test_mode=True)
    for crf in (15, 25, 35)
]
val_dataloader = dict(_delete_=True, dataset=test_clips[1], **loader)
val_evaluator = dict(
    _delete_=True,
    type='Evaluator',
    metrics=[dict(type='PSNR', convert_to='Y'), dict(type='SSIM', convert_to='Y')])
test_dataloader = [dict(dataset=dataset, **loader) for dataset in test_clips]
test_evaluator = [
    [
        dict(type='PSNR', convert_to='Y', prefix=f'Vid4-CRF{crf}'),
        dict(type='SSIM', convert_to='Y', prefix=f'Vid4-CRF{crf}')
    ] for crf in (15, 25, 35)
]

# 400k iterations (Sec. IV-A2). VSR networks keep their published rates; the configs of
# FCA²'s stages set their own rates.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=400_000, val_interval=5000)
param_scheduler = dict(
    type='CosineRestartLR',
    by_epoch=False,
    periods=[400_000],
    restart_weights=[1],
    eta_min=1e-7)
default_hooks = dict(checkpoint=dict(out_dir=None))
