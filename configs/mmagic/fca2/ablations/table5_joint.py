# Table V, row 2: everything trained from scratch at once.
_base_ = '../fca2-s9o3_basicvsr-pp_2xb4-400k_vimeo90k-crf.py'

model = dict(stage='joint', checkpoints=dict(
    _delete_=True,
    spynet='https://download.openmmlab.com/mmediting/restorers'
    '/basicvsr/spynet_20210409-c6c1bd09.pth'))
