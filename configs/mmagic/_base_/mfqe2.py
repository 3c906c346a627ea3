# Enhancement on MFQE 2.0, luma at QP 37: 108 videos for training, the 18 of JCT-VC for testing.
# Sections refer to TGAFNet's paper; STDF uses the same recipe.
_base_ = 'mmagic::_base_/default_runtime.py'

custom_imports = dict(imports=['fca2_plugin.mmagic'], allow_failed_imports=False)
experiment_name = None  # the name of the config
work_dir = None  # ./work_dirs/<name of the config>

model = dict(
    type='FCA2EnhancementModel',
    generator=dict(),
    # sqrt(d^2 + 1e-6); the host's default eps is 1e-12
    pixel_loss=dict(type='CharbonnierLoss', loss_weight=1.0, reduction='mean', eps=1e-6),
    data_preprocessor=dict(type='DataPreprocessor', mean=[0.0], std=[255.0]))

tree = dict(dataroot='data/MFQEv2', qp=37, codec='HM16.5_LDP')  # the other QPs: 22 27 32 42
train_dataloader = dict(
    num_workers=4,
    batch_size=16,  # 32 on two GPUs: Sec. III-A2
    sampler=dict(type='FCA2InfiniteSampler'),  # draws do not depend on workers, GPUs or a resume
    dataset=dict(
        type='FCA2EnhancementDataset',
        split='train_108',
        num_frame=7,  # Sec. III-A5
        gt_size=128,  # flips and rotation are on: Sec. III-A1
        max_frames=300,  # per video, as in the authors' data
        **tree))
loader = dict(
    num_workers=0,
    batch_size=1,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False))
test_videos = dict(type='FCA2EnhancementTestDataset', split='test_18', **tree)
val_dataloader = dict(dataset=test_videos, **loader)
test_dataloader = val_dataloader
val_evaluator = dict(
    type='Evaluator',
    metrics=[
        dict(type=name)
        for name in ('FCA2DeltaPSNR', 'FCA2DeltaSSIM', 'FCA2LumaPSNR', 'FCA2LumaSSIM')
    ])
test_evaluator = val_evaluator

optim_wrapper = dict(  # Sec. III-A2
    type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999), eps=1e-8))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=300_000, val_interval=10_000)
val_cfg = dict(type='MultiValLoop')
test_cfg = dict(type='MultiTestLoop')
default_hooks = dict(
    logger=dict(interval=100),
    checkpoint=dict(interval=10_000, out_dir=None, save_best='delta_psnr'))
custom_hooks = []  # the host's would save pictures and not keep the measurements
