# CF-STIF of Tables I and IV.
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2CFSTIFNet', radius=3))
