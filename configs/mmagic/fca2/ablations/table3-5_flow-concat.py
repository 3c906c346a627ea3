# Table III, row 5, with the flow guidance as the paper words it: concatenated to the group.
_base_ = '../fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py'

model = dict(
    generator=dict(
        autoencoder=dict(flow_mode='concat'),
    ))
