# TGAFNet-S: one SDCB, 24 channels; trained briefly on clips of your own.
_base_ = '../../_base_/small-enhancement.py'

model = dict(generator=dict(type='FCA2TGAFNet', num_sdcbs=1, mid_channels=24))
