# RealBasicVSR alone, the blind baseline of Table I, trained on the usual compressed clips.
_base_ = '../basicvsr/basicvsr_2xb4-400k_vimeo90k-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='RealBasicVSRNet',
        mid_channels=64,
        num_propagation_blocks=20,
        num_cleaning_blocks=20,
        dynamic_refine_thres=255,  # one cleaning pass; published: 255 to train, 1.5 or 5 to test
        is_fix_cleaning=False,
        is_sequential_cleaning=False,
        spynet_pretrained='https://download.openmmlab.com/mmediting/restorers'
        '/basicvsr/spynet_20210409-c6c1bd09.pth'))

optim_wrapper = dict(optimizer=dict(lr=1e-4))  # as published, for the step without a GAN
