"""Colour correction against a loop over frames and channels, and its effect on contrast."""

import cv2
import numpy as np
import pytest
import torch

from fca2_plugin.ops.color import COLOR_CORRECTIONS, correct_color, gaussian_downsample


def rand(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def eq4(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    for b, t, c in np.ndindex(x.shape[:3]):
        frame, target = x[b, t, c], reference[b, t, c]
        normal = (frame - frame.mean()) / max(frame.std(ddof=1), 1e-6)
        out[b, t, c] = normal * target.std(ddof=1) + target.mean()
    return out


@pytest.mark.parametrize("scale", [1, 4])
def test_frame_is_eq4(scale):
    x, reference = rand(2, 3, 3, 8 * scale, 6 * scale), rand(2, 3, 3, 8, 6, seed=1)
    expected = eq4(x.double().numpy(), reference.double().numpy())
    np.testing.assert_allclose(correct_color(x, reference).numpy(), expected, atol=1e-5)


def test_frame_gives_the_reference_moments():
    x, reference = rand(1, 2, 3, 16, 16), 0.3 + 0.2 * rand(1, 2, 3, 4, 4, seed=1)
    out = correct_color(x, reference)
    for moment in (torch.mean, torch.std):
        torch.testing.assert_close(moment(out, dim=(-2, -1)), moment(reference, dim=(-2, -1)))


@pytest.mark.parametrize("scale", [2, 4])
def test_lr_domain_keeps_a_perfect_result(scale):
    sr = rand(2, 2, 3, 32, 24)
    reference = gaussian_downsample(sr.flatten(0, 1), scale).unflatten(0, (2, 2))
    torch.testing.assert_close(correct_color(sr, reference, "lr_domain"), sr, rtol=0, atol=1e-5)


def test_eq4_lowers_the_contrast_of_a_perfect_result():
    """The blurred reference has the smaller deviation: a cost of eq. 4, not of this code."""
    sr = rand(1, 1, 3, 32, 32)
    reference = gaussian_downsample(sr[0], 4)[None]
    out = correct_color(sr, reference, "frame")
    assert (out.std(dim=(-2, -1)) < 0.8 * sr.std(dim=(-2, -1))).all()
    assert (out - sr).abs().max() > 0.1


def test_mean_moves_the_mean_only():
    x, reference = rand(1, 2, 3, 8, 8), rand(1, 2, 3, 4, 4, seed=1)
    out = correct_color(x, reference, "mean")
    torch.testing.assert_close(out.mean(dim=(-2, -1)), reference.mean(dim=(-2, -1)))
    torch.testing.assert_close(out.std(dim=(-2, -1)), x.std(dim=(-2, -1)))


def test_lr_domain_is_eq4_at_scale_1():
    x, reference = rand(1, 2, 3, 8, 8), rand(1, 2, 3, 8, 8, seed=1)
    assert torch.equal(
        correct_color(x, reference, "lr_domain"), correct_color(x, reference, "frame")
    )


@pytest.mark.parametrize("mode", COLOR_CORRECTIONS)
def test_flat_frames_stay_finite_and_inputs_unchanged(mode):
    x = torch.full((1, 1, 3, 8, 8), 0.5, requires_grad=True)
    reference = torch.full((1, 1, 3, 2, 2), 0.25)
    out = correct_color(x, reference, mode)
    out.sum().backward()
    torch.testing.assert_close(out, torch.full_like(out, 0.25))
    assert x.grad.isfinite().all()
    assert (x == 0.5).all() and (reference == 0.25).all()


@pytest.mark.parametrize("mode", COLOR_CORRECTIONS)
def test_gradients(mode):
    x = rand(1, 1, 1, 4, 4).double().requires_grad_()
    reference = rand(1, 1, 1, 2, 2, seed=1).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: correct_color(a, b, mode), (x, reference))


@pytest.mark.parametrize("sigma", [1.0, 1.5])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_downsample_is_cv2s_blur(scale, sigma):
    x = rand(2, 3, 24, 32)
    expected = [
        cv2.GaussianBlur(
            frame.permute(1, 2, 0).numpy(),
            (0, 0),
            sigmaX=sigma,
            borderType=cv2.BORDER_REPLICATE,
        )[::scale, ::scale].transpose(2, 0, 1)
        for frame in x
    ]
    np.testing.assert_allclose(
        gaussian_downsample(x, scale, sigma).numpy(), np.stack(expected), atol=1e-5
    )
