# FTVSR alone, a row of Table II.
_base_ = '../basicvsr/basicvsr_2xb4-400k_reds-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2FTVSRNet',
        mid_channels=64,
        num_blocks=60,
        keyframe_stride=3,  # as published
        spynet_pretrained='https://download.openmmlab.com/mmediting/restorers'
        '/basicvsr/spynet_20210409-c6c1bd09.pth'))

optim_wrapper = dict(optimizer=dict(lr=2e-4))  # as published
# one clip on each of 8 GPUs; six chunks of 7 frames, published: 40
train_dataloader = dict(batch_size=1, dataset=dict(num_frame=42))
