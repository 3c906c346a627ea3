"""fca2_plugin.data.sample: what is drawn, in which order it is applied, and what is refused."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, encode_decode
from fca2_plugin.data import CrfMix, SampleRecipe, downsample
from fca2_plugin.data.sample import SamplePlan, TakesRounds, draw_plan, make_sample, sample_rng
from tests.codec.footage import moving_clip

GT = moving_clip(5, 32, 48)
AS_IT_IS = SamplePlan((0, 1, 2), False, False, False, None, (0.0, 0.0))
TURNED = replace(AS_IT_IS, hflip=True, vflip=True, transpose=True)
EVERYTHING = SampleRecipe(
    num_frame=3,
    interval_list=(1, 2, 3),
    random_reverse=True,
    use_hflip=True,
    use_vflip=True,
    use_rot=True,
    gt_size=16,
    mix=CrfMix((15, 25, 35), 0.5),
)


def equal(first, second) -> bool:
    return len(first) == len(second) and all(map(np.array_equal, first, second))


def plans(recipe, count=400, num_frames=12):
    return [draw_plan(recipe, num_frames, sample_rng(0, "a", visit)) for visit in range(count)]


def test_draws_depend_on_seed_clip_and_round_alone():
    def plan(*key):
        return draw_plan(EVERYTHING, 12, sample_rng(*key))

    assert plan(0, "a", 1) == plan(0, "a", 1)
    others = [plan(1, "a", 1), plan(0, "b", 1), plan(0, "a", 2)]
    assert all(other != plan(0, "a", 1) for other in others)


def test_without_a_round_the_hosts_seed_decides():
    def plan(seed):
        np.random.seed(seed)
        return draw_plan(EVERYTHING, 12, sample_rng(0, "a", None))

    assert plan(3) == plan(3)
    assert plan(3) != plan(4)


def test_what_is_drawn_follows_the_recipe():
    drawn = plans(EVERYTHING)
    for plan in drawn:
        steps = np.diff(plan.indices)
        assert len(plan.indices) == 3 and len(set(steps)) == 1 and abs(steps[0]) in (1, 2, 3)
        assert 0 <= min(plan.indices) and max(plan.indices) < 12
    assert {min(plan.indices) for plan in drawn} == set(range(10))  # every start
    for draw in ("hflip", "vflip", "transpose"):
        assert sum(getattr(plan, draw) for plan in drawn) == pytest.approx(200, abs=40)
    assert sum(plan.indices[0] > plan.indices[1] for plan in drawn) == pytest.approx(200, abs=40)
    crfs = Counter(plan.crf for plan in drawn)
    assert crfs[None] == pytest.approx(200, abs=40) and crfs.keys() == {None, 15, 25, 35}


def test_one_setting_does_not_move_the_other_draws():
    plain = plans(replace(EVERYTHING, random_reverse=False, use_hflip=False), 50)
    for plan, other in zip(plans(EVERYTHING, 50), plain, strict=True):
        assert sorted(plan.indices) == list(other.indices)
        assert (plan.vflip, plan.crf, plan.corner) == (other.vflip, other.crf, other.corner)
        assert not other.hflip


def test_whole_clips():
    recipe = SampleRecipe()
    assert draw_plan(recipe, 4, sample_rng(0, "a", 0)).indices == (0, 1, 2, 3)
    assert recipe.is_fixed
    assert replace(recipe, mix=CrfMix((25,), 0)).is_fixed
    assert not replace(recipe, mix=CrfMix((25,), 0.5)).is_fixed
    assert not EVERYTHING.is_fixed


def test_a_window_longer_than_the_clip():
    with pytest.raises(ValueError, match="5 frames is shorter than a window of 4 .* interval 2"):
        draw_plan(SampleRecipe(num_frame=4, interval_list=(2,)), 5, sample_rng(0, "a", 0))


def test_rounds():
    class Three(TakesRounds):
        def __len__(self):
            return 3

    clips = Three()
    assert (clips.clip_and_round(7), clips.clip_and_round(1)) == ((1, 2), (1, None))
    clips.rounds_given = True
    assert (clips.clip_and_round(7), clips.clip_and_round(1)) == ((1, 2), (1, 0))


def test_lq_is_made_after_the_turn():
    lq, gt = make_sample(SampleRecipe(degradation="comisr"), TURNED, GT)
    expected = [np.ascontiguousarray(f[::-1, ::-1].swapaxes(0, 1)) for f in GT]
    assert equal(gt, expected)
    assert equal(lq, [downsample(frame, kind="comisr") for frame in expected])
    turned_late = [downsample(frame, kind="comisr")[::-1, ::-1].swapaxes(0, 1) for frame in GT]
    assert not equal(lq, turned_late)  # the phase would be another one


@pytest.mark.parametrize("task", ["vsr", "cleaning"])
def test_lq_is_coded_whole_then_cut(task):
    recipe = SampleRecipe(task=task, mix=CrfMix((35,), 0), gt_size={"vsr": 16, "cleaning": 4}[task])
    plan = replace(AS_IT_IS, crf=35, corner=(0.99, 0.5))
    lq, target = make_sample(recipe, plan, GT)
    raw = [downsample(frame) for frame in GT]
    coded = encode_decode(raw, CodecSettings(crf=35))
    rows, columns = slice(4, 8), slice(4, 8)  # of 8 x 12
    assert equal(lq, [frame[rows, columns] for frame in coded])
    expected = [frame[rows, columns] for frame in raw]
    if task == "vsr":
        expected = [frame[16:32, 16:32] for frame in GT]
    assert equal(target, expected)
    assert not equal(lq, expected)


def test_autoencoder_gives_the_target_twice():
    lq, gt = make_sample(SampleRecipe(task="autoencoder", gt_size=16), TURNED, GT)
    assert equal(lq, gt) and gt[0].shape == (16, 16, 3)


def test_lq_on_disk_is_turned_and_cut_with_its_target():
    recipe = SampleRecipe(lq_on_disk=True, use_rot=True, gt_size=16)
    plan = replace(AS_IT_IS, transpose=True, corner=(0.5, 0.0))
    raw = [downsample(frame) for frame in GT]
    lq, gt = make_sample(recipe, plan, GT, raw)
    assert equal(lq, [frame.swapaxes(0, 1)[4:8, :4] for frame in raw])
    assert equal(gt, [frame.swapaxes(0, 1)[16:32, :16] for frame in GT])
    # transposed afterwards or before, the LQ of comisr is the same
    assert equal(lq, make_sample(replace(recipe, lq_on_disk=False), plan, GT)[0])


def test_every_corner_can_be_drawn():
    recipe = SampleRecipe(gt_size=16)
    tops = {
        int(make_sample(recipe, replace(AS_IT_IS, corner=(u, 0.0)), [ROWS])[1][0][0, 0, 0])
        for u in np.linspace(0, 0.999, 40)
    }
    assert tops == {0, 4, 8, 12, 16}


ROWS = np.broadcast_to(np.arange(32, dtype=np.uint8)[:, None, None], (32, 32, 3)).copy()


def test_flip_sequence():
    lq, gt = make_sample(SampleRecipe(flip_sequence=True), AS_IT_IS, GT)
    assert len(lq) == len(gt) == 10
    assert equal(lq, lq[::-1]) and equal(gt[:5], GT)


def test_sizes_are_cut_to_the_scale():
    lq, gt = make_sample(SampleRecipe(), AS_IT_IS, [frame[:30, :47] for frame in GT])
    assert gt[0].shape == (28, 44, 3) and lq[0].shape == (7, 11, 3)


def test_frames_smaller_than_the_crop():
    with pytest.raises(ValueError, match="frames of 48x32 are too small for patches of 64"):
        make_sample(SampleRecipe(gt_size=64), AS_IT_IS, GT)


def test_the_input_stays_as_it_is():
    before = [frame.copy() for frame in GT]
    lq, gt = make_sample(replace(EVERYTHING, num_frame=None), replace(TURNED, crf=25), GT)
    lq[0][:] = gt[0][:] = 0
    assert equal(GT, before)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (dict(task="vrs"), "unknown task 'vrs'.*did you mean 'vsr'"),
        (dict(degradation="comsir"), "unknown degradation 'comsir'.*did you mean 'comisr'"),
        (dict(degradation="bd", scale=2), "'bd' is defined for scale 4, got 2"),
        (dict(scale=0), "scale must be a whole number of at least 1, got 0"),
        (dict(num_frame=1.5), "num_frame must be a whole number of at least 1, got 1.5"),
        (dict(gt_size=-4), "gt_size must be a whole number of at least 1, got -4"),
        (dict(interval_list=()), r"interval_list must contain numbers of at least 1, got \[\]"),
        (
            dict(interval_list=(1, 0)),
            r"interval_list must contain numbers of at least 1, got \[1, 0\]",
        ),
        (dict(gt_size=18), "gt_size 18 cannot be divided by scale 4; use 16"),
        (dict(gt_size=2), "gt_size 2 cannot be divided by scale 4; use 4"),
        (
            dict(lq_on_disk=True, use_hflip=True, degradation="comisr"),
            "use_hflip would shift LQ frames on disk: comisr keeps the first of 4",
        ),
        (
            dict(lq_on_disk=True, use_vflip=True, degradation="duf"),
            "use_vflip would shift LQ frames on disk",
        ),
        (dict(task="autoencoder", lq_on_disk=True), "only; leave dataroot_lq out"),
        (dict(task="autoencoder", mix=CrfMix((25,))), "only; leave crfs out"),
    ],
)
def test_recipes_that_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        SampleRecipe(**settings)


def test_flips_that_shift_nothing_are_allowed():
    SampleRecipe(lq_on_disk=True, use_rot=True)
    for kind in ("gaussian", "bd", "bi", "area"):
        recipe = SampleRecipe(lq_on_disk=True, use_hflip=True, use_vflip=True, degradation=kind)
        lq, _ = make_sample(replace(recipe, lq_on_disk=False), TURNED, GT)
        raw = [downsample(frame, kind=kind) for frame in GT]
        assert equal(lq, make_sample(recipe, TURNED, GT, raw)[0])
    SampleRecipe(lq_on_disk=True, use_hflip=True, task="cleaning")  # both sides have one phase
    SampleRecipe(use_hflip=True, use_vflip=True)
    SampleRecipe(task="cleaning", gt_size=18)  # scale 1
