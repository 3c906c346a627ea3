# The baseline: a tiny BasicVSR alone.
_base_ = '../_base_/tiny.py'
