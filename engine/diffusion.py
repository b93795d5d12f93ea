"""DiffusionPainter: Stable Diffusion through diffusers, in a thread of its own, step by step."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

import torch

from engine import cores, models
from engine.beside import Beside
from engine.contract.approaches import JUDGES, PROFILES, Profile
from engine.contract.errors import OutOfMemory
from engine.contract.memory import keep_freed_memory
from engine.denoising import Denoising, decode
from engine.device.card import Card, measured_card
from engine.host_copy import HostCopy, to_host
from engine.latent_rgb import to_pixels
from engine.metrics.clip import Judge
from engine.painter import Painted, Pixels, Scores
from engine.pipelines import Loaded, Pipelines, usual_dtype
from engine.quiet import quiet
from engine.safety import Safety
from engine.settings import Settings
from engine.training_run import TrainingRun
from engine.wave import Mix, Row, Wave

log = logging.getLogger(__name__)

T = TypeVar("T")
# Enough to have met everything that a step does.
WARM_STEPS = 2
# Threads that ready pictures meanwhile; on a processor all cores but one are left to the painting.
HANDS = {"cuda": min(8, os.cpu_count() or 1), "cpu": 1}
NO_ROOM = "This does not fit into the memory of the device, not even one picture at a time."


class DiffusionPainter:
    """One thread does all the work of the device, so calls are served in the order in which they come."""

    def __init__(
        self, settings: Settings, profile: Profile, card: Card | None = None, *, warm_up: bool = False
    ) -> None:
        """`card`: how the device is used; without one it is measured where there is one. `warm_up`: on a card, paint a
        picture that nobody sees, some seconds; who asks first then waits for no model, and compiling has begun."""
        quiet()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if self.device.type == "cpu":
            keep_freed_memory()
        self._thread = ThreadPoolExecutor(1, "painter")
        self._beside = Beside(HANDS[self.device.type])
        self._profile = profile
        self._ends = ExitStack()
        if card is None and self.device.type == "cuda":
            card = measured_card(self.device, usual_dtype(self.device), settings, profile, self._ends)
        self._card = card
        self._pipelines = Pipelines(settings, self.device, card)
        self._safety = Safety(self.device, usual_dtype(self.device)) if profile == "full" else None
        self._judge: Judge | None = None
        # A wave keeps its model: a recorded call does not, and reads its weights where they were when it was recorded.
        self._waves: dict[int, tuple[Denoising, Loaded]] = {}
        if warm_up and self._card:
            self._thread.submit(self._warmed_up).result()

    def describe(self) -> str:
        """The device in words."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return f"CPU with {torch.get_num_threads()} threads"

    async def begin(self, wave: Wave) -> int:
        return await self._fitting(self._begin, wave)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        return await self._fitting(self._step, wave, preview)

    async def thin(self, wave: int, keep: Sequence[int]) -> None:
        await self._run(self._waves[wave][0].thin, keep)

    async def finish(self, wave: int) -> list[Painted]:
        copy = await self._fitting(self._finish, wave)
        pictures = await self._beside.run(copy.pictures)
        if self._safety is None:
            return [Painted(picture) for picture in pictures]
        inputs = torch.cat(await self._beside.spread(self._safety.inputs, pictures))
        reasons = await self._fitting(self._safety.reasons, inputs, again=True)
        return [Painted(None if reason else picture, reason) for picture, reason in zip(pictures, reasons, strict=True)]

    async def drop(self, wave: int) -> None:
        await self._run(self._waves.pop, wave, None)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        judge = await self._fitting(self._its_judge, again=True)
        return await self._fitting(judge.cosines, await self._beside.spread(judge.inputs, pictures), texts, again=True)

    async def train(self, training: TrainingRun) -> Any:
        return await self._run(cores.alone, training.next, self.device)

    async def forget(self, style: str) -> None:
        await self._run(self._pipelines.forget_style, style)

    def memory(self) -> dict[str, float]:
        if self.device.type != "cuda":
            return {}
        free, total = torch.cuda.mem_get_info(self.device)
        return {"used": float(total - free), "total": float(total)}

    async def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._beside.close()
        self._pipelines.close()
        self._ends.close()

    @property
    def most(self) -> int | None:
        """How many pictures keep the device busy, where that was measured."""
        return self._card.most if self._card else None

    def _warmed_up(self) -> None:
        try:
            _in_memory(self._warm_up)
        except Exception as error:  # noqa: BLE001 - whoever asks for a picture is told, if it still fails then
            self._waves.clear()
            log.warning("warming up failed: %s", error)

    def _warm_up(self) -> None:
        """What is not here is not fetched for it."""
        approach = next(iter(PROFILES[self._profile].values()))
        if not models.is_local(approach.model):
            return
        mix = Mix(approach.model, None, 0.0, WARM_STEPS, approach.guidance)
        for _ in range(self._begin(Wave(0, mix, (Row("", "A1", "", "", 0),)))):
            self._step(0, preview=False)
        pictures = self._finish(0).pictures()
        if self._safety:
            self._safety.reasons(self._safety.inputs(pictures))
        if models.is_local(JUDGES[self._profile], judge=True):
            judge = self._its_judge()
            judge.cosines([judge.inputs(pictures)], [""])

    def _begin(self, wave: Wave) -> int:
        loaded = self._pipelines.get(wave.mix.model, wave.mix.quality)
        self._pipelines.dress(loaded, wave.mix)
        predict = loaded.forms.predict(guided=wave.mix.guidance > 1) if loaded.forms else None
        state = cores.alone(lambda: Denoising(loaded.pipe, wave, predict), self.device)
        self._waves[wave.id] = state, loaded
        return state.steps

    def _step(self, wave: int, preview: bool) -> list[Pixels] | None:  # noqa: FBT001 - passed on by position
        state, loaded = self._waves[wave]
        mix = state.wave.mix
        # Another wave may have run since the last step, with another style.
        self._pipelines.dress(loaded, mix)
        predicted = state.step(loaded.pipe.unet)
        if self._card is None or not self._card.ahead:
            return to_pixels(predicted, mix.model) if preview else None
        # Told one step later, as the device would idle while it is waited for.
        prediction, state.prediction = state.prediction, None
        if preview and prediction is None:
            state.prediction = to_host(predicted)
        self._card.launched()
        return None if prediction is None else to_pixels(prediction, mix.model)

    def _finish(self, wave: int) -> HostCopy:
        state, loaded = self._waves.pop(wave)
        return state.decoded(loaded.forms.decode if loaded.forms else partial(decode, loaded.pipe.vae))

    def _its_judge(self) -> Judge:
        if self._judge is None:
            self._judge = Judge(models.folder(JUDGES[self._profile], judge=True), self.device)
        return self._judge

    async def _fitting(self, work: Callable[..., T], *arguments: object, again: bool = False) -> T:
        """A part of painting. Where it does not fit, room is made: for whoever paints again, or to try it `again`."""
        try:
            return await self._run(work, *arguments)
        except OutOfMemory as error:
            error.less = await self._run(self._pipelines.make_room)
            if not again:
                raise
        return await self._run(work, *arguments)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(_in_memory, work, *arguments))


def _in_memory(work: Callable[..., T], *arguments: object) -> T:
    """Raises OutOfMemory where there is no room for `work`."""
    try:
        return work(*arguments)
    except torch.OutOfMemoryError as error:
        # In the thread that records, as PyTorch gives nothing back while another thread is at it.
        torch.cuda.empty_cache()
        raise OutOfMemory(NO_ROOM) from error
    except RuntimeError as error:
        if "can't allocate memory" in str(error):
            raise OutOfMemory(NO_ROOM) from error
        raise
