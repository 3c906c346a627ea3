# MFQE 2.0 of Table I for testing: the networks of mfqe2-pqf and mfqe2-non-pqf in one checkpoint
# (this folder's README shows how to make it from their checkpoints).
_base_ = '../_base_/mfqe2.py'

model = dict(generator=dict(type='FCA2MFQE2PairNet'))
train_dataloader = None
train_cfg = None
optim_wrapper = None
