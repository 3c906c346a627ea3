# DCAD of Table I: one frame. Its paper uses the mean squared error.
_base_ = '../_base_/mfqe2.py'

model = dict(
    generator=dict(type='FCA2DCADNet'), pixel_loss=dict(_delete_=True, type='MSELoss'))
train_dataloader = dict(dataset=dict(num_frame=1))
