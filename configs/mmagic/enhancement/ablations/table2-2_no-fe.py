# Table II, row 2: IntraGFA and InterGFF, and FE without SDCBs.
_base_ = '../tgafnet_2xb16-300k_mfqe2-qp37.py'

model = dict(generator=dict(num_sdcbs=0))
