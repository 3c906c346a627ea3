# Table III, row 4: group encoding and colour correction, no flow guidance.
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        autoencoder=dict(flow_mode=None),
        checkpoints=dict(_delete_=True),
    ))
