# STDF-R3 at full size, trained briefly on your own clips.
_base_ = '../../_base_/small-enhancement.py'

model = dict(generator=dict(type='FCA2STDFNet', radius=3))
