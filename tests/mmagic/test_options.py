"""Options that nothing reads, at any depth of an MMagic config, and numbers out of range."""

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from fca2_plugin.mmagic.options import check_options  # prepares the host

pytestmark = pytest.mark.mmagic

VSR = dict(type="BasicVSRNet", mid_channels=8, num_blocks=1)
BASIC = dict(
    type="BasicVSR",
    generator=VSR,
    pixel_loss=dict(type="CharbonnierLoss", loss_weight=1.0, reduction="mean"),
    train_cfg=dict(fix_iter=5000),
    data_preprocessor=dict(type="DataPreprocessor", mean=[0.0] * 3, std=[255.0] * 3),
)


def config() -> Config:
    loader = dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type="FCA2InfiniteSampler"),
        dataset=dict(type="FCA2ClipsDataset", dataroot_gt="gt", pipeline=[dict(type="PackInputs")]),
    )
    return Config(
        dict(
            model=dict(type="FCA2Wrapper", model=BASIC, stage="cleaning", preset="tiny"),
            train_dataloader=loader,
            test_dataloader=[loader],
            train_cfg=dict(type="IterBasedTrainLoop", max_iters=2, val_interval=1),
            optim_wrapper=dict(
                constructor="DefaultOptimWrapperConstructor",
                type="OptimWrapper",
                optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.99)),
                paramwise_cfg=dict(custom_keys=dict(spynet=dict(lr_mult=0.25))),
            ),
            param_scheduler=dict(type="CosineRestartLR", by_epoch=False, periods=[2]),
            default_hooks=dict(checkpoint=dict(type="CheckpointHook", interval=1)),
            env_cfg=dict(cudnn_benchmark=False, mp_cfg=dict(opencv_num_threads=4)),
            randomness=dict(seed=0),
            any_helper=dict(of="the file's own"),
        )
    )


@pytest.fixture(autouse=True)
def scope():
    init_default_scope("mmagic")


def test_what_is_read_passes():
    check_options(config())


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("env_cfg.cudnn_benchmrk", "did you mean 'cudnn_benchmark'"),
        ("env_cfg.mp_cfg.opencv_threads", "did you mean 'opencv_num_threads'"),
        ("default_hooks.checkpoint.intervall", "did you mean 'interval'"),
        ("train_cfg.max_iter", "did you mean 'max_iters'"),
        ("optim_wrapper.optimizer.weight_decy", "did you mean 'weight_decay'"),
        ("optim_wrapper.clip_gard", "did you mean 'clip_grad'"),
        ("optim_wrapper.paramwise_cfg.bias_lr_mul", "did you mean 'bias_lr_mult'"),
        ("param_scheduler.period", "did you mean 'periods'"),
        ("randomness.sed", "did you mean 'seed'"),
        ("train_dataloader.batchsize", "did you mean 'batch_size'"),
        ("train_dataloader.dataset.gt_sise", "did you mean 'gt_size'"),
        ("test_dataloader.0.dataset.num_frames", "did you mean 'num_frame'"),
        ("train_dataloader.dataset.pipeline.0.kees", "did you mean 'keys'"),
        # the stage cleaning builds neither the VSR network nor its loss
        ("model.model.train_cfg.fix_itr", "did you mean 'fix_iter'"),
        ("model.model.generator.mid_chanels", "did you mean 'mid_channels'"),
        ("model.model.pixel_loss.los_weight", "did you mean 'loss_weight'"),
        # right settings at a wrong level
        ("model.n_subs", r"n_subs is a setting of autoencoder: autoencoder=dict\(n_subs"),
        ("model.num_passes", r"num_passes is a setting of cleaning"),
    ],
)
def test_what_nothing_reads_is_named(place, message):
    cfg = config()
    *parents, last = place.split(".")
    node = cfg
    for name in parents:
        node = node[int(name) if name.isdecimal() else name]
    node[last] = 1
    with pytest.raises(ValueError, match=f"unknown option {place!r}.*{message}"):
        check_options(cfg)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("model.model.generator.mid_channels", 0, "is 0; expected a number from 1 to 8,192"),
        ("model.model.generator.num_blocks", -1, "is -1; expected a number from 0"),
        ("optim_wrapper.optimizer.lr", float("nan"), "is nan; expected a finite number"),
        ("optim_wrapper.optimizer.lr", "fast", "is 'fast'; expected a number"),
        ("optim_wrapper.optimizer.betas", [0.9, float("inf")], "expected a finite number"),
        ("train_cfg.max_iters", 0, "is 0; expected a number from 1"),
        ("model.chunk_frames", 100_000, "is 100000; expected a number from 1 to 1,000"),
        ("train_dataloader.batch_size", -2, "is -2; expected a number from 1"),
        ("randomness.seed", float("inf"), "is inf; expected a finite number"),
    ],
)
def test_numbers_out_of_range(place, value, message):
    cfg = config()
    *parents, last = place.split(".")
    node = cfg
    for name in parents:
        node = node[name]
    node[last] = value
    with pytest.raises(ValueError, match=f"{place} is .*|{message}") as info:
        check_options(cfg)
    assert message in str(info.value)


def test_a_type_that_nobody_registered_in_a_part_that_is_left_out():
    cfg = config()
    cfg.model.model.generator.type = "BasicVSRNett"
    with pytest.raises(
        ValueError, match="model.model.generator has the type 'BasicVSRNett', which"
    ):
        check_options(cfg)
