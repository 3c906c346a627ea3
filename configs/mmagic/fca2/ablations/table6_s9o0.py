# Table VI: n_subs = 9, n_ovls = 0.
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        autoencoder=dict(n_subs=9, n_ovls=0),
    ))
