"""MMEngine's Runner with the strict loader: all weights of the networks, or one sentence."""

import copy
from collections.abc import Callable, Mapping

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn
from torch.utils.data import DataLoader

from fca2_plugin.checkpoints import check_finite, check_weights, fit, only_tensors, overrides
from fca2_plugin.mmagic.generator import FCA2Generator
from fca2_plugin.nets.pretrained import without_losses, without_weights

__all__ = ["StrictRunner", "TestRunner", "fit_model"]

State = Mapping[str, Tensor]
_GENERATORS = ("generator", "generator_ema")


class StrictRunner(Runner):
    """Differs from MMEngine's where weights are read, and at the end of a run.

    * ``load_from``, ``--resume`` and testing load a checkpoint of either host, or refuse it;
    * where one is loaded, no other weights are read: neither those that the config names for the
      networks inside, nor the ``checkpoints`` of an ``FCA2Net``;
    * settings that a resumed run keeps from its checkpoint are logged where the config differs;
    * the processes that read data end with the run. A runner stands in cycles, and a collection of
      garbage would close their queues before it tells them to end, and wait five seconds for each.
    """

    #: Whether the model is only to run, without the losses of training.
    only_runs = False

    def train(self) -> nn.Module:
        """As MMEngine's."""
        try:
            return super().train()
        finally:
            self._end_workers()

    def test(self) -> dict:
        """As MMEngine's."""
        try:
            return super().test()
        finally:
            self._end_workers()

    def _end_workers(self) -> None:
        for loop in (self._train_loop, self._val_loop, self._test_loop):
            for loader in getattr(loop, "dataloaders", [getattr(loop, "dataloader", None)]):
                if isinstance(loader, DataLoader):
                    loader._iterator = None  # where workers are persistent
            if hasattr(loop, "dataloader_iterator"):
                loop.dataloader_iterator._iterator = None

    def build_model(self, model: nn.Module | dict) -> nn.Module:
        if isinstance(model, dict) and self._load_from is not None:
            model = without_losses(model) if self.only_runs else copy.deepcopy(model)
            without_weights(model)
        built = super().build_model(model)
        generator = getattr(built, "generator", None)
        if isinstance(generator, FCA2Generator) and self._load_from is not None:
            generator.starts_from_parts = False
        return built

    def load_checkpoint(
        self, filename: str, map_location: str | Callable = "cpu", *unused: object, **more: object
    ) -> dict:
        """Load a checkpoint whole.

        Raises:
            FileNotFoundError: The file does not exist.
            ValueError: It is not a checkpoint, or one of another network.
        """
        checkpoint = CheckpointLoader.load_checkpoint(filename, "cpu", logger=None)
        checkpoint = checkpoint if isinstance(checkpoint, dict) else {}
        if self._resume and not {"meta", "optimizer", "state_dict"} <= checkpoint.keys():
            raise ValueError(
                f"{filename} contains no training state of MMagic, so it cannot be resumed; to "
                "start from its weights, set load_from"
            )
        model = self.model.module if is_model_wrapper(self.model) else self.model
        checkpoint["state_dict"] = fit_model(model, checkpoint, filename, self._resume)
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
        model.load_state_dict(checkpoint["state_dict"])
        self._has_loaded = True
        self.logger.info(f"Load checkpoint from {filename}")
        return checkpoint

    def resume(self, filename: str, *args: object, **kwargs: object) -> None:
        """As MMEngine's, and say where the config and the checkpoint differ."""
        asked = overrides.Asked(self._groups(), self._schedulers())
        super().resume(filename, *args, **kwargs)
        text = asked.settle(self._groups(), self._schedulers(), "load_from", reschedule=False)
        if text:
            self.logger.warning(text)

    def _groups(self) -> list[Mapping]:
        wrappers = self.optim_wrapper
        several = isinstance(wrappers, OptimWrapperDict)
        optimizers = [w.optimizer for w in (wrappers.values() if several else [wrappers])]
        return [group for optimizer in optimizers for group in optimizer.param_groups]

    def _schedulers(self) -> list:
        schedulers = self.param_schedulers or []
        if isinstance(schedulers, dict):
            return [one for part in schedulers.values() for one in part]
        return list(schedulers)


class TestRunner(StrictRunner):
    """For a model that is only to run."""

    __test__ = False  # for pytest
    only_runs = True


def fit_model(
    model: nn.Module, checkpoint: Mapping, source: str, whole: bool = False
) -> dict[str, Tensor]:
    """The weights of a checkpoint for a whole MMagic model: its generator, and what is beside it.

    Args:
        model: A model with a ``generator``, and perhaps an averaged one; or any other.
        checkpoint: What the file contains.
        source: The file, for messages.
        whole: Everything has to be in it, as what is resumed has; otherwise what is needed in
            training alone (discriminators, counters) may be missing, or left over.

    Raises:
        ValueError: The weights belong to another network.
    """
    wanted = model.state_dict()
    key = next((k for k in ("state_dict", "params_ema", "params") if k in checkpoint), None)
    state = only_tensors(checkpoint if key is None else checkpoint[key], source)
    state = {key.removeprefix("module."): value for key, value in state.items()}
    generators = [name for name in _GENERATORS if isinstance(getattr(model, name, None), nn.Module)]
    if whole or not generators:
        check_weights(wanted, state, source, type(model).__name__)
        check_finite(state, source)
        return state
    found = dict(wanted)
    for name, value in state.items():
        if name in wanted and value.shape == wanted[name].shape:
            found[name] = value
    for name in generators:
        own = state
        if len(generators) == 2 and name == "generator":  # both are there: each its own
            averaged = tuple(k for k in state if k.startswith("generator_ema."))
            own = {k: v for k, v in state.items() if k not in averaged} or state
        fitted = fit(getattr(model, name), own, source, "generator")
        found |= {f"{name}.{inner}": value for inner, value in fitted.items()}
    return found
