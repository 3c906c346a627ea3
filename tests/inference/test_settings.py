"""How a network is run, as the command line says it."""

import pytest
import torch

from fca2_plugin.inference.settings import InferenceSettings


def test_short_names_and_words_for_the_user():
    assert InferenceSettings(dtype="bf16") == InferenceSettings(dtype="bfloat16")
    assert InferenceSettings(dtype="fp16").dtype == "float16"
    assert InferenceSettings().text == "float32"
    fast = InferenceSettings("cuda", "bf16", channels_last=True, compile=True, cuda_graphs=True)
    assert fast.text == "bfloat16, channels last, compiled, CUDA graphs"
    assert (InferenceSettings().warmup, fast.warmup) == (0, 1)


def test_the_device_that_is_there():
    assert InferenceSettings().find_device().type == (
        "cuda" if torch.cuda.is_available() else "cpu"
    )
    assert InferenceSettings("cpu").find_device() == torch.device("cpu")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dtype": "float23"}, "unknown dtype 'float23' .did you mean 'float32'"),
        ({"dtype": "fp16", "device": "cpu"}, "float16 is for GPUs; expected float32 or bfloat16"),
        ({"cuda_graphs": True, "device": "cpu"}, "CUDA graphs need a GPU, but the device is the"),
    ],
)
def test_settings_that_do_not_go_together(settings, message):
    with pytest.raises(ValueError, match=message):
        InferenceSettings(**settings)


def test_a_device_that_is_none():
    with pytest.raises(ValueError, match="device 'cqu' cannot be used here; expected cpu"):
        InferenceSettings("cqu").find_device()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there():
    with pytest.raises(ValueError, match="expected cpu .torch sees no GPU"):
        InferenceSettings("cuda", "bf16").find_device()
    for alone in ({"dtype": "float16"}, {"cuda_graphs": True}):
        with pytest.raises(ValueError, match="GPU"):
            InferenceSettings(**alone).find_device()
