# EDVR-L alone, the baseline of Table II.
_base_ = '../_base_/reds-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2SlidingWindow',  # a window in, one frame out: run over the clip
        num_frames=5,
        windows_at_once=8,  # in tests, for the memory
        net=dict(
            type='EDVRNet',
            in_channels=3,
            out_channels=3,
            mid_channels=128,  # the large one, as the table's 20.6 M say
            num_frames=5,
            deform_groups=8,
            num_blocks_extraction=5,
            num_blocks_reconstruction=40,
            center_frame_idx=2,
            with_tsa=True)))  # published in two steps, the first without

optim_wrapper = dict(optimizer=dict(lr=4e-4))  # as published
train_dataloader = dict(dataset=dict(num_frame=7))
