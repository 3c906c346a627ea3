# The baseline: a compact recurrent network alone, its flow from small_flow.py.
_base_ = '../_base_/small.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2Net',
        preset='tiny_fast',
        autoencoder=False,  # all frames go to the network
        vsr=dict(type='FCA2CompactVSRNet'),
        checkpoints=dict(vsr_spynet='work_dirs/small_flow')))

train_dataloader = dict(dataset=dict(dataroot_lq=_base_.real, crfs=[], raw_prob=None))
optim_wrapper = dict(optimizer=dict(lr=1e-3))  # a recurrent network diverges at 2e-3
