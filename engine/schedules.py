"""The scheduler of a wave: the model's own, or for `quality: fast` the one that the table of approaches names."""

from typing import Any

from engine.contract.approaches import FAST, Fast
from engine.wave import Mix


def schedule(pipe: Any, mix: Mix) -> Any:
    """A new scheduler object with its timesteps set. These stay on the processor, so that no step has to wait for the
    device to read one."""
    fast = FAST.get(mix.model, Fast("")) if mix.quality == "fast" else Fast("")
    scheduler = _kind(pipe, fast).from_config(pipe.scheduler.config, **fast.options)
    scheduler.set_timesteps(mix.steps)
    return scheduler


def _kind(pipe: Any, fast: Fast) -> Any:
    if fast.scheduler is None:
        return type(pipe.scheduler)
    import diffusers

    return getattr(diffusers, fast.scheduler)
