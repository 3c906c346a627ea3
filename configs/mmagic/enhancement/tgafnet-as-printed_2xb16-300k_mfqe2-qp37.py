# TGAFNet, following the paper's text literally instead of the released model.
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2TGAFNet', num_sdcbs=3, as_printed=True))
