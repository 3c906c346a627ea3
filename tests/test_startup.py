"""What a process pays before its first frame, and for every frame after it."""

import ctypes
import subprocess
import sys

import pytest


def run(code: str) -> list[str]:
    """Run a program in an interpreter of its own, and return what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("module", ["apps.upscale", "apps.evaluate", "nets"])
def test_what_only_some_networks_need_is_not_imported(module):
    """torchvision takes longer than all else together, most of it for torch's compiler."""
    program = (
        "import sys, torch\n"
        f"import fca2_plugin.{module}\n"
        "print(*{'torchvision', 'torch._dynamo', 'sympy'} & set(sys.modules))\n"
    )
    assert not run(program)


def test_the_package_itself_needs_no_torch():
    assert run("import sys, fca2_plugin; print('torch' in sys.modules)") == ["False"]


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="the allocator is not glibc's"
)
def test_a_network_keeps_its_memory():
    """In a thread too, as upscale runs it: the second frame faults no page in."""
    program = (
        "import resource, threading, torch\n"
        "from fca2_plugin.inference.runner import ClipRunner\n"
        "from fca2_plugin.inference.settings import InferenceSettings\n"
        "from fca2_plugin.nets import CompactSRNet\n"
        "def faults():\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "run = ClipRunner(CompactSRNet(32, 2), 'net', InferenceSettings('cpu'))\n"
        "clip = torch.rand(1, 4, 3, 96, 96)\n"
        "def frames():\n"
        "    for _ in range(2):\n"
        "        run(clip)\n"
        "    before = faults()\n"
        "    for _ in range(8):\n"
        "        run(clip)\n"
        "    print(faults() - before)\n"
        "thread = threading.Thread(target=frames)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    (count,) = run(program)
    assert int(count) < 5000  # 8 passes of 30 MiB would be tens of thousands
