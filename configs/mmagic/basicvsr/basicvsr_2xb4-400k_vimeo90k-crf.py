# BasicVSR alone, the baseline of Table I.
_base_ = '../_base_/vimeo90k-crf.py'

# the host's recipe for 7-frame clips: played forwards and backwards
mirror = dict(type='MirrorSequence', keys=['img', 'gt'])
train_dataloader = dict(
    dataset=dict(pipeline=[*_base_.train_pipeline[:-1], mirror, dict(type='PackInputs')]))
