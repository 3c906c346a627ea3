# The tiny BasicVSR inside the fast FCA², which trains in one stage with it.
_base_ = './tiny_basicvsr.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    preset='tiny_fast')
