# Stage 2: IconVSR inside frozen, pre-trained FCA² (not in the tables; Table V: frozen is best).
_base_ = '../iconvsr/iconvsr_2xb4-400k_vimeo90k-crf.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    stage='vsr',
    preset='released',
    autoencoder=dict(n_subs=9, n_ovls=3),  # Sec. IV-A2
    cleaning=dict(num_passes=3),  # Sec. IV-A2
    checkpoints=dict(
        cleaning='work_dirs/fca2-cleaning_2xb4-400k_vimeo90k-crf',
        autoencoder='work_dirs/fca2-autoencoder_s9o3_2xb4-400k_vimeo90k'))
