# BasicVSR++ alone, the baseline of Table II.
_base_ = '../basicvsr/basicvsr_2xb4-400k_reds-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='BasicVSRPlusPlusNet',
        mid_channels=64,
        num_blocks=7,
        is_low_res_input=True,
        spynet_pretrained='https://download.openmmlab.com/mmediting/restorers'
        '/basicvsr/spynet_20210409-c6c1bd09.pth'))

# as published: MMagic's rates for BasicVSR++
optim_wrapper = dict(
    optimizer=dict(lr=1e-4), paramwise_cfg=dict(custom_keys={'spynet': dict(lr_mult=0.25)}))
train_dataloader = dict(dataset=dict(num_frame=28))  # four chunks; published: 30
