# STDF-R3L of Tables I and IV.
_base_ = '../_base_/mfqe2.py'

model = dict(
    generator=dict(
        type='FCA2STDFNet',
        radius=3,
        mid_channels=64,
        qe_channels=64,
        num_layers=16))
