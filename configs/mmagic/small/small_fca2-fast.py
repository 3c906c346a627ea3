# The network of small_vsr.py inside the fast FCA², which trains in one stage with it.
_base_ = '../_base_/small.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    preset='tiny_fast',
    checkpoints=dict(vsr_spynet='work_dirs/small_flow'))

train_dataloader = dict(dataset=dict(dataroot_lq=_base_.real, crfs=[], raw_prob=None))
optim_wrapper = dict(optimizer=dict(lr=1e-3))  # a recurrent network diverges at 2e-3
