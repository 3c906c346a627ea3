# Shared settings: the published full-size BasicVSR on real footage, trained on one CPU core.
_base_ = './small.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='BasicVSRNet',
        mid_channels=64,
        num_blocks=30,
        spynet_pretrained=None),  # its flow is in the published file
    train_cfg=dict(fix_iter=1_000_000))  # the flow stays frozen: 10 % less time

train_dataloader = dict(batch_size=1, dataset=dict(gt_size=192))  # 6 s a step on one core
