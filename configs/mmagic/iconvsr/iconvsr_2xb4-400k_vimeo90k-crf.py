# IconVSR alone, the baseline of Table I.
_base_ = '../basicvsr/basicvsr_2xb4-400k_vimeo90k-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='IconVSRNet',
        mid_channels=64,
        num_blocks=30,
        keyframe_stride=5,
        padding=2,  # as in BasicSR; published for Vimeo-90K: 3
        spynet_pretrained='https://download.openmmlab.com/mmediting/restorers'
        '/basicvsr/spynet_20210409-c6c1bd09.pth',
        edvr_pretrained=None))  # published: a trained EDVR-M; name its file to start from it
