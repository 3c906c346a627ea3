# Table III, row 2: group encoding alone.
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        autoencoder=dict(flow_mode=None),
        color_correction=None,
        checkpoints=dict(_delete_=True),
    ))
