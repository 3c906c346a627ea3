# Compressed REDS: 266 clips for training, REDS4 (000, 011, 015, 020) for testing (FCA², Sec. IV-A).
# Degradation, mix and schedule are those of the Vimeo-90K config.
_base_ = './vimeo90k-crf.py'

reds = dict(dataroot_gt='data/REDS/train_sharp', meta_info_file=None, partition='REDS4')
train_dataloader = dict(dataset=dict(num_frame=14, **reds))  # two chunks of 7; published: 15
test_clips = [dict(dataset, **reds) for dataset in _base_.test_clips]
val_dataloader = dict(dataset=test_clips[1])
test_dataloader = [dict(dataset=dataset, **_base_.loader) for dataset in test_clips]
test_evaluator = [
    [
        dict(type='PSNR', convert_to='Y', prefix=f'REDS4-CRF{crf}'),
        dict(type='SSIM', convert_to='Y', prefix=f'REDS4-CRF{crf}')
    ] for crf in (15, 25, 35)
]
