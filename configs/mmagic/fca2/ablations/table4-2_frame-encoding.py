# Table IV, row 2: frame encoding without cleaning.
_base_ = '../fca2-s9o3_basicvsr-pp_2xb4-400k_vimeo90k-crf.py'

model = dict(cleaning=False)
