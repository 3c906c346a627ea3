# A tiny STDF enhances luma, coded by x265 instead of HM.
_base_ = '../_base_/small-enhancement.py'

model = dict(
    generator=dict(
        type='FCA2STDFNet',
        radius=1,
        mid_channels=16,
        fused_channels=16,
        qe_channels=16,
        num_layers=4))

tree = dict(dataroot='data/mfqe_demo', demo=dict(root='data/mfqe_demo'))  # the data set makes it
train_dataloader = dict(dataset=dict(gt_size=48, num_frame=3, **tree))
val_dataloader = dict(dataset=tree)
test_dataloader = dict(dataset=tree)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_iters=300, val_interval=300)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.05, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, T_max=300, eta_min=1e-5)
]
