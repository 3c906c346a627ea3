# MFQE 2.0 of Table I: the network for frames of peak quality.
_base_ = '../_base_/mfqe2.py'

model = dict(
    generator=dict(type='FCA2MFQE2Net'),
    compensation_iters=75_000,  # its loss dominates in 20 of 80 epochs
    pixel_loss=dict(_delete_=True, type='MSELoss'))

# the width of the patches is the unit of its flow
train_dataloader = dict(dataset=dict(num_frame=3, neighbors='peaks', frames='peaks', gt_size=64))
