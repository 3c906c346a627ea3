# Table II, row 1: STDF-R3L's fusion, and FE without SDCBs.
_base_ = '../tgafnet_2xb16-300k_mfqe2-qp37.py'

model = dict(generator=dict(alignment='stdf', num_sdcbs=0))
