# COMISR alone, a row of Table II.
_base_ = '../_base_/reds-crf.py'

model = dict(generator=dict(_delete_=True, type='FCA2COMISRNet', mid_channels=64, num_blocks=10))

# COMISR's training code is not public: rate and loss of Sec. IV-A2
optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_dataloader = dict(dataset=dict(num_frame=7))
