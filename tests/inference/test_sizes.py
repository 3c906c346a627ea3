import math

import torch

from fca2_plugin.inference.load import load_runner
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.sizes import (
    GIB,
    Sizes,
    bytes_per_pixel,
    choose_sizes,
    free_bytes,
)
from fca2_plugin.ops.pieces import images_at_once
from tests.apps.upscale.films import Enlarge

CPU = torch.device("cpu")
ON_CPU = InferenceSettings("cpu")


class Grouped(Enlarge):
    cut_multiple = 7


def choose(budget, network=None, size=(360, 640), frames=400, **options):
    runner = ClipRunner(network or Enlarge(2, context_frames=4), "it", ON_CPU)
    parts = [((0, frames), 0, frames)]
    return choose_sizes(runner, size, parts, cost=1000.0, budget=budget, **options)


def need(sizes, size):
    pixels = [min(sizes.tile or side, side) for side in size]
    return 1000 * sizes.chunk * pixels[0] * pixels[1]


def test_a_smaller_budget_means_less_at_once():
    found = [choose(budget * GIB) for budget in (100, 4, 1, 0.2, 0.05)]
    needs = [need(sizes, (360, 640)) for sizes in found]
    assert needs == sorted(needs, reverse=True)
    assert len(set(found)) > 3
    assert found[0].tile is None
    for budget, bytes_needed in zip((100, 4, 1), needs, strict=False):
        assert bytes_needed <= budget * GIB
    assert all(sizes.context == 4 for sizes in found)


def test_the_groups_of_a_network_are_not_cut():
    for budget in (100, 1, 0.1):
        sizes = choose(budget * GIB, Grouped(2))
        assert sizes.chunk % 7 == 0
        assert sizes.context == 0


def test_what_the_user_chose_is_taken():
    sizes = choose(0.001, chunk=9, context=3, tile=48, overlap=8)
    assert sizes == Sizes(9, 3, 48, 8)
    assert choose(GIB, chunk=5).context == 2  # what the chunk leaves
    assert choose(0.001, tile=0).tile is None


def test_a_short_clip_is_not_cut():
    """Long chunks are no reason for tiles where the whole clip fits."""
    budget = 1000 * 24 * 360 * 640 + GIB
    sizes = choose(budget, Enlarge(2, context_frames=8), frames=24)
    assert (sizes.chunk >= 24, sizes.tile) == (True, None)
    assert choose(budget, Enlarge(2, context_frames=8)).tile is not None


def test_tiles_are_counted_as_they_are_run():
    """320 pixels are two tiles of 256, which is as much as one and a half frames."""
    sizes = choose(0.7 * GIB, Enlarge(2), size=(240, 320), frames=8)
    assert sizes.tile is None and sizes.chunk < 8


def test_of_equal_sizes_what_needs_least_memory():
    assert choose(100 * GIB, Enlarge(2)).chunk == 4  # without context, longer ones save nothing


def test_halving_ends():
    sizes = Sizes(28, 7, None, 16)
    seen = []
    while sizes is not None:
        seen.append(sizes)
        sizes = sizes.halved(300, 7)
    assert [(s.chunk, s.context, s.tile) for s in seen] == [
        (28, 7, None),
        (21, 7, None),
        (21, 7, 150),
        (21, 7, 75),
        (21, 7, 37),
        (7, 0, 37),
    ]


def test_what_a_network_needs_is_measured():
    class Wasteful(Enlarge):
        def forward(self, lq):
            held = lq.unsqueeze(-1).repeat(*[1] * lq.ndim, 100)  # 400 bytes for each value
            return super().forward(lq) + 0 * held.sum()

    little, much = (
        bytes_per_pixel(ClipRunner(kind(2), "it", ON_CPU)) for kind in (Enlarge, Wasteful)
    )
    assert little > 4 * 3 * 2**2
    assert 800 < much < 4000  # 1200 bytes a pixel, and the result


def test_pieces_of_a_large_clip_do_not_count():
    """Small frames run many at a time, which a large one does not."""
    side = 360, 640
    need = bytes_per_pixel(load_runner(weights="small", settings=ON_CPU))
    floor = 32 * 4  # the features of every frame
    assert floor < need < 4 * floor
    with torch.inference_mode():
        assert images_at_once(8, math.prod(side), CPU) == 1 < images_at_once(8, 64**2, CPU)


def test_the_budget_is_what_the_user_says_or_most_of_what_is_free():
    assert free_bytes(CPU, 2.0) == 2 * GIB
    assert 0 < free_bytes(CPU, None)


def test_sizes_say_what_they_are():
    assert str(Sizes(8, 2, None, 16)) == "chunks of 8 frames (2 of context a side), whole frames"
    assert str(Sizes(8, 2, 64, 16)).endswith("tiles of 64 pixels, 16 shared")
