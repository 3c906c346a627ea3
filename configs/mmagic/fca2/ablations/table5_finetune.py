# Table V, row 3: pre-trained FCA², trained further together with the VSR network.
_base_ = '../fca2-s9o3_basicvsr-pp_2xb4-400k_vimeo90k-crf.py'

model = dict(stage='finetune')
