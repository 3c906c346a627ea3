# FTVSR alone, a row of Table I.
_base_ = '../basicvsr/basicvsr_2xb4-400k_vimeo90k-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2FTVSRNet',
        mid_channels=64,
        num_blocks=60,
        keyframe_stride=1,  # as published for clips of 7 frames
        spynet_pretrained='https://download.openmmlab.com/mmediting/restorers'
        '/basicvsr/spynet_20210409-c6c1bd09.pth'))

# as published
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=2e-4, weight_decay=0.05))
train_dataloader = dict(batch_size=1)  # on 8 GPUs
