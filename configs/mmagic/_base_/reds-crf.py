# Compressed REDS: 266 clips for training, REDS4 (000, 011, 015, 020) for testing (FCA², Sec. IV-A).
# Degradation, mix and schedule are those of the Vimeo-90K config.
_base_ = './vimeo90k-crf.py'

# clips have 100 frames, of which a window is taken
train_pipeline = [_base_.segment, *_base_.train_pipeline]
cleaning_pipeline = [_base_.segment, *_base_.cleaning_pipeline]
autoencoder_pipeline = [_base_.segment, *_base_.autoencoder_pipeline]

reds = dict(
    type='FCA2FramesDataset',
    data_root='data/REDS',
    data_prefix=dict(img='train_sharp', gt='train_sharp'),
    depth=1)
test_clips = dict(
    ann_file='meta_info_reds4_val.txt',
    num_input_frames=100,
    fixed_seq_len=100,
    test_mode=True,
    **reds)

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        ann_file='meta_info_reds4_train.txt',
        num_input_frames=14,  # two chunks of 7; the host's 15 would fill a third with repeats
        pipeline=train_pipeline,
        **reds))
val_dataloader = dict(dataset=dict(_delete_=True, pipeline=_base_.crf_pipelines[1], **test_clips))
test_dataloader = [
    dict(dataset=dict(pipeline=pipeline, **test_clips), **_base_.loader)
    for pipeline in _base_.crf_pipelines
]
test_evaluator = [
    [
        dict(type='PSNR', convert_to='Y', prefix=f'REDS4-CRF{crf}'),
        dict(type='SSIM', convert_to='Y', prefix=f'REDS4-CRF{crf}')
    ] for crf in (15, 25, 35)
]
