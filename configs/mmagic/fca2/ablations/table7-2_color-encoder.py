# Table VII, row 2: colour correction of the codes only.
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        color_at='encoder',
    ))
