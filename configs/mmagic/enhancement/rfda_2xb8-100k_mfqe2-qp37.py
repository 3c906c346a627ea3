# RFDA of Tables I and IV; its state runs through windows of 15 frames.
_base_ = '../_base_/mfqe2.py'

# the paper sums the losses of the frames; the host averages them
model = dict(generator=dict(type='FCA2RFDANet', radius=3), pixel_loss=dict(loss_weight=15.0))

train_dataloader = dict(
    batch_size=8,
    dataset=dict(num_frame=15, target='all', gt_size=96))

# starts from STDF-R3, whose parts then learn at a tenth of the rate
load_from = 'work_dirs/stdf-r3_2xb16-300k_mfqe2-qp37/iter_300000.pth'
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'generator.fusion': dict(lr_mult=0.1),
            'generator.enhance': dict(lr_mult=0.1)
        }))
param_scheduler = dict(type='MultiStepLR', by_epoch=False, milestones=[80_000, 90_000], gamma=0.5)
train_cfg = dict(max_iters=100_000)
