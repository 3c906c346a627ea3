# Table III, row 3, and Table VII, row 1: group encoding and flow guidance, no colour correction.
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        color_correction=None,
    ))
