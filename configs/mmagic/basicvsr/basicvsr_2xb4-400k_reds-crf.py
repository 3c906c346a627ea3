# BasicVSR alone, the baseline of Tables I and II.
_base_ = '../_base_/reds-crf.py'
