# Stage 2 of FCA²: the network of small_vsr.py inside frozen FCA² of the two configs before.
_base_ = '../_base_/small.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    stage='vsr',
    preset='tiny',
    cleaning=dict(mid_channels=16, num_blocks=2),
    autoencoder=dict(
        flow_mode='concat', spynet=dict(num_levels=4, widths=(24, 32, 24), kernel_size=3)),
    color_correction='lr_domain',
    checkpoints=dict(
        cleaning='work_dirs/small_fca2-cleaning',
        autoencoder='work_dirs/small_fca2-autoencoder',
        vsr_spynet='work_dirs/small_flow'))

train_dataloader = dict(dataset=dict(dataroot_lq=_base_.real, crfs=[], raw_prob=None))
optim_wrapper = dict(optimizer=dict(lr=1e-3))  # a recurrent network diverges at 2e-3
