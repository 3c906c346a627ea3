# BasicVSR++ alone, the baseline of Tables I, II and IV.
_base_ = '../basicvsr/basicvsr_2xb4-400k_vimeo90k-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='BasicVSRPlusPlusNet',
        mid_channels=64,
        num_blocks=7,
        is_low_res_input=True,
        spynet_pretrained='https://download.openmmlab.com/mmediting/restorers'
        '/basicvsr/spynet_20210409-c6c1bd09.pth'))

# the host's rate for SPyNet inside BasicVSR++
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'spynet': dict(lr_mult=0.25)}))
