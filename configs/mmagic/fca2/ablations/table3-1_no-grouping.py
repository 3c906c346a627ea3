# Table III, row 1: all 21 channels go into one code; no other modules (our reading).
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        autoencoder=dict(n_subs=21, n_ovls=0, flow_mode=None),
        color_correction=None,
        checkpoints=dict(_delete_=True),
    ))
