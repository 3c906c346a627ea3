# STDF in front of FTVSR, trained together, a row of Table I.
_base_ = '../ftvsr/ftvsr_8xb1-400k_vimeo90k-crf.py'

front = dict(type='FCA2STDFNet', radius=3, in_channels=3, mid_channels=64)  # +1.1 M: Table I
model = dict(
    generator=dict(
        _delete_=True, type='FCA2FrontEnd', front=front, vsr={{_base_.model.generator}}))
