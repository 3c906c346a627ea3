# STDF-R3: half the width of R3L. RFDA starts from its weights.
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2STDFNet', radius=3))
