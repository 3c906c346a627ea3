"""Every option that BasicSR documents passes the check; one that nothing reads does not."""

import pytest
import yaml

from fca2_plugin.basicsr.options import check_options, check_types  # prepares the host
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr

# All keys of the options that BasicSR publishes for its video networks, and of ESRGAN's.
DOCUMENTED = """
name: REDS
model_type: VideoRecurrentGANModel
scale: 4
num_gpu: 8
manual_seed: 0
datasets:
  train: &train
    {name: REDS, type: REDSRecurrentDataset, dataroot_gt: a, dataroot_lq: b, dataroot_flow: ~,
     meta_info_file: c, val_partition: REDS4, test_mode: false, io_backend: {type: disk},
     num_frame: 15, gt_size: 256, interval_list: [1], random_reverse: false, use_hflip: true,
     use_rot: true, use_shuffle: true, num_worker_per_gpu: 6, batch_size_per_gpu: 4,
     dataset_enlarge_ratio: 200, prefetch_mode: cpu, num_prefetch_queue: 2, pin_memory: true,
     persistent_workers: false, flip_sequence: true, filename_tmpl: "{}", mean: [0], std: [1]}
  val:
    {name: REDS4, type: VideoRecurrentTestDataset, dataroot_gt: a, dataroot_lq: b,
     cache_data: true, io_backend: {type: disk}, num_frame: -1}
  val_2: {name: Vid4, type: VideoTestDUFDataset, use_duf_downsampling: true, padding: reflection}
  test_1:
    {name: Vimeo, type: VideoTestVimeo90KDataset, padding: reflection_circle,
     io_backend: {type: lmdb, db_paths: [a], client_keys: [lq], readonly: true, lock: false}}
network_g:
  {type: IconVSR, num_feat: 64, num_block: 30, keyframe_stride: 5, temporal_padding: 3,
   spynet_path: a, edvr_path: b}
network_d: {type: VGGStyleDiscriminator, num_in_ch: 3, num_feat: 32, input_size: 256}
path:
  {pretrain_network_g: ~, param_key_g: params_ema, strict_load_g: true, pretrain_network_d: ~,
   param_key_d: params, strict_load_d: true, resume_state: ~, ignore_resume_networks: network_d}
train:
  ema_decay: 0.999
  optim_g: {type: Adam, lr: !!float 2e-4, weight_decay: 0, betas: [0.9, 0.99], eps: 1.0e-8}
  optim_d: {type: Adam, lr: !!float 1e-4}
  scheduler:
    {type: CosineAnnealingRestartLR, periods: [300000], restart_weights: [1], eta_min: !!float 1e-7}
  total_iter: 300000
  warmup_iter: -1
  fix_flow: 5000
  flow_lr_mul: 0.125
  tsa_iter: 50000
  dcn_lr_mul: 1
  lr_flow: !!float 0
  pixel_opt: {type: CharbonnierLoss, loss_weight: 1.0, reduction: mean, eps: 1.0e-12}
  perceptual_opt:
    {type: PerceptualLoss, layer_weights: {conv1_2: 1}, vgg_type: vgg19, use_input_norm: true,
     range_norm: false, perceptual_weight: 1.0, style_weight: 0, criterion: l1}
  gan_opt: {type: GANLoss, gan_type: vanilla, real_label_val: 1.0, fake_label_val: 0.0}
  net_d_iters: 1
  net_d_init_iters: 0
val:
  val_freq: !!float 5e3
  save_img: false
  suffix: ~
  pbar: true
  flip_seq: true
  center_frame_only: true
  metrics:
    any name:
      {type: calculate_psnr, crop_border: 0, test_y_channel: true, input_order: HWC,
       better: higher}
    niqe: {type: calculate_niqe, crop_border: 4, better: lower}
logger:
  print_freq: 100
  save_checkpoint_freq: !!float 5e3
  use_tb_logger: true
  wandb: {project: ~, resume_id: ~}
dist_params: {backend: nccl, port: 29500}
find_unused_parameters: true
"""


def test_documented_options_pass():
    cfg = yaml.safe_load(DOCUMENTED)
    check_options(cfg)
    cfg["train"]["scheduler"] = {"type": "MultiStepLR", "milestones": [1], "gamma": 0.5}
    cfg["network_g"] = {"type": "EDVR", "num_in_ch": 3, "hr_in": False, "with_tsa": True}
    cfg["model_type"] = "EDVRModel"
    check_options(cfg)
    check_types(cfg)


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("mode_type", "model_type"),
        ("train.optim", "optim_g"),
        ("datasets.train.gt_sise", "gt_size"),
        ("datasets.trian", "train"),
        ("datasets.val.cache_dta", "cache_data"),
        ("datasets.test_1.io_backend.db_path", "db_paths"),
        ("network_g.num_bloc", "num_block"),
        ("path.pretrain_model_g", "pretrain_network_g"),  # of releases before 1.3
        ("path.strict_load", "strict_load_g"),
        ("train.total_iters", "total_iter"),
        ("train.optim_g.weight_decy", "weight_decay"),
        ("train.scheduler.period", "periods"),
        ("train.pixel_opt.loss_wieght", "loss_weight"),
        ("val.metrics.any name.test_y_chanel", "test_y_channel"),  # swallowed by **kwargs
        ("logger.wandb.projct", "project"),
        ("dist_params.bakend", "backend"),
        ("find_unused_paramters", "find_unused_parameters"),
    ],
)
def test_a_misspelt_option_is_named(place, hint):
    cfg = yaml.safe_load(DOCUMENTED)
    *parents, last = place.split(".")
    node = cfg
    for name in parents:
        node = node[name]
    node[last] = {} if parents == ["datasets"] else 1
    with pytest.raises(ValueError, match=f"unknown option '{place}'.*mean '{hint}'"):
        check_options(cfg)


@pytest.mark.parametrize(
    ("place", "belongs"),
    [
        ("train.val_freq", "val"),
        ("train.lr", "train.optim_g"),
        ("val.gt_size", "datasets"),
        ("train.num_frame", "datasets"),
        ("train.print_freq", "logger"),
        ("path.manual_seed", "the top"),
    ],
)
def test_an_option_at_another_place_than_its_own(place, belongs):
    """Something reads it, but not there."""
    cfg = yaml.safe_load(DOCUMENTED)
    cfg["logger"] = {"print_freq": 1}
    parent, last = place.split(".")
    cfg[parent][last] = 1
    with pytest.raises(ValueError, match=f"unknown option '{place}'") as info:
        check_options(cfg)
    assert f"belongs to {belongs}" in str(info.value) or "did you mean" in str(info.value)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("train.total_iter", 0, "train.total_iter is 0; expected a number from 1"),
        ("train.ema_decay", 2, "train.ema_decay is 2; expected a number from 0 to 1"),
        ("train.optim_g.lr", float("nan"), "expected a finite number"),
        ("val.val_freq", 0, "val.val_freq is 0; expected a number from 1"),
        ("datasets.train.dataset_enlarge_ratio", 0, "expected a number above 0"),
        ("datasets.train.batch_size_per_gpu", "two", "is 'two'; expected a number"),
        ("network_g.num_feat", 0, "network_g.num_feat is 0; expected a number from 1"),
        ("network_g.num_block", -1, "network_g.num_block is -1; expected a number from 0"),
        ("scale", 0, "scale is 0; expected a number above 0"),
    ],
)
def test_numbers_out_of_range(place, value, message):
    cfg = yaml.safe_load(DOCUMENTED)
    *parents, last = place.split(".")
    node = cfg
    for name in parents:
        node = node[name]
    node[last] = value
    with pytest.raises(ValueError, match=message):
        check_options(cfg)


def test_ours_and_custom_modules(clips, monkeypatch):
    from basicsr.utils.registry import ARCH_REGISTRY

    import tests.basicsr.toys  # noqa: F401  registers ToyVSR, once a process

    cfg = runs.options(clips)
    cfg["network_g"] = runs.wrapped(autoencoder={"n_subs": 9}, checkpoints={"cleaning": "a"})
    cfg["network_g"]["vsr"] = {"type": "ToyVSR", "gain": 2.0}
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=r"'network_g.vsr.gain'"):
        patch.delitem(ARCH_REGISTRY._obj_map, "ToyVSR")
        check_options(cfg)
    check_options(cfg)
    cfg["custom_imports"] = ["tests.basicsr.toys"]
    cfg["num_of_toys"] = 3
    with pytest.raises(ValueError, match="unknown option 'num_of_toys'"):
        check_options(cfg, ["tests.basicsr.toys"])
    check_options(cfg, ["tests.basicsr.toys", __name__])  # next line: it reads it


def reads(opt: dict) -> object:
    return opt["num_of_toys"]


@pytest.mark.parametrize("text", ["2e-4", "1E5", "-3.5e2"])
def test_a_number_that_yaml_takes_for_text(clips, text):
    cfg = runs.options(clips, train__optim_g={"type": "Adam", "lr": text})
    with pytest.raises(
        ValueError, match=f"YAML reads train.optim_g.lr as the text '{text}'.*write "
    ):
        check_options(cfg)
