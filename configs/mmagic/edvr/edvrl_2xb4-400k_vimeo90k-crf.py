# EDVR-L alone, the baseline of Table I.
_base_ = '../_base_/vimeo90k-crf.py'

model = dict(
    generator=dict(
        _delete_=True,
        type='FCA2SlidingWindow',  # EDVR maps windows to frames; this runs it over a clip
        num_frames=5,
        windows_at_once=8,  # saves memory in tests
        net=dict(
            type='EDVRNet',
            in_channels=3,
            out_channels=3,
            mid_channels=128,  # the large EDVR, with the table's 20.6 M
            num_frames=5,
            deform_groups=8,
            num_blocks_extraction=5,
            num_blocks_reconstruction=40,
            center_frame_idx=2,
            with_tsa=True)))  # the published training has two steps, the first without it

optim_wrapper = dict(optimizer=dict(lr=4e-4))  # as published
