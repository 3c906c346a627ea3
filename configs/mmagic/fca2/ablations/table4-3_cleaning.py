# Table IV, row 3: cleaning without frame encoding.
_base_ = '../fca2-s9o3_basicvsr-pp_2xb4-400k_vimeo90k-crf.py'

model = dict(autoencoder=False)
