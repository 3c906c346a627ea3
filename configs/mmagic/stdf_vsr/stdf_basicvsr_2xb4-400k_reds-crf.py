# STDF in front of BasicVSR, trained together, a row of Table II.
_base_ = '../basicvsr/basicvsr_2xb4-400k_reds-crf.py'

front = dict(type='FCA2STDFNet', radius=3, in_channels=3, mid_channels=64)  # +1.1 M: Table II
model = dict(
    generator=dict(
        _delete_=True, type='FCA2FrontEnd', front=front, vsr={{_base_.model.generator}}))
