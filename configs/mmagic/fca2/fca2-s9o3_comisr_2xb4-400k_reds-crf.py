# Stage 2: COMISR inside frozen, pre-trained FCA² (not in the tables; Table V: frozen is best).
_base_ = '../comisr/comisr_2xb4-400k_reds-crf.py'

model = dict(
    _delete_=True,
    type='FCA2Wrapper',
    model={{_base_.model}},
    stage='vsr',
    preset='released',
    autoencoder=dict(n_subs=9, n_ovls=3),  # Sec. IV-A2
    cleaning=dict(num_passes=3),  # Sec. IV-A2
    checkpoints=dict(
        cleaning='work_dirs/fca2-cleaning_2xb4-400k_reds-crf',
        autoencoder='work_dirs/fca2-autoencoder_s9o3_2xb4-400k_reds'),
    chunks_at_once=2)  # REDS4 clips have 100 frames of 1280x720
