# STDF-R3 at full size, trained briefly on clips of your own.
_base_ = '../../_base_/small-enhancement.py'

model = dict(generator=dict(type='FCA2STDFNet', radius=3))
