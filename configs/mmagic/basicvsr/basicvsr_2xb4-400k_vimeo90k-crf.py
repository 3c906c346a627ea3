# BasicVSR alone, the baseline of Table I.
_base_ = '../_base_/vimeo90k-crf.py'

# the host's recipe for 7-frame clips: played forwards and backwards
train_dataloader = dict(dataset=dict(flip_sequence=True))
