# MFQE of Table I: the network for frames between peaks.
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2MFQENet'))

# patches as wide as the unit of its flow; the loss of its motion compensation is left out
train_dataloader = dict(dataset=dict(num_frame=3, neighbors='peaks', frames='others', gt_size=64))
