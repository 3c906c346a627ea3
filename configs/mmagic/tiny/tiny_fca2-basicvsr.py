# Stage 2: the same tiny BasicVSR inside frozen FCA² of the two configs before.
_base_ = './tiny_basicvsr.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    stage='vsr',
    preset='tiny',
    color_correction='lr_domain',
    checkpoints=dict(
        cleaning='work_dirs/tiny_fca2-cleaning', autoencoder='work_dirs/tiny_fca2-autoencoder'))
