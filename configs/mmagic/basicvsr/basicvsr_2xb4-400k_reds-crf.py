# BasicVSR alone, the baseline of Table II.
_base_ = '../_base_/reds-crf.py'
