"""DiffusionPainter: Stable Diffusion through diffusers, in a thread of its own, step by step."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch

from engine import models
from engine.contract.approaches import JUDGES, Profile
from engine.contract.errors import OutOfMemory
from engine.denoising import Denoising
from engine.latent_rgb import to_pixels
from engine.lesson import Lesson
from engine.metrics.clip import Judge
from engine.painter import Painted, Pixels, Scores
from engine.pipelines import Pipelines
from engine.quiet import quiet
from engine.safety import Safety
from engine.settings import Settings
from engine.wave import Wave

T = TypeVar("T")
NO_ROOM = "This does not fit into the memory of the device, not even one picture at a time."


class DiffusionPainter:
    """One thread does all the work of the device, so calls are served in the order in which they come."""

    def __init__(self, settings: Settings, profile: Profile) -> None:
        quiet()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._thread = ThreadPoolExecutor(1, "painter")
        self._profile = profile
        self._pipelines = Pipelines(settings, self.device)
        self._safety = Safety(self.device) if profile == "full" else None
        self._judge: Judge | None = None
        self._waves: dict[int, Denoising] = {}

    def describe(self) -> str:
        """The device in words."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return f"CPU with {torch.get_num_threads()} threads"

    async def begin(self, wave: Wave) -> int:
        return await self._run(self._begin, wave)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        return await self._run(self._step, wave, preview)

    async def thin(self, wave: int, keep: Sequence[int]) -> None:
        await self._run(self._waves[wave].thin, keep)

    async def finish(self, wave: int) -> list[Painted]:
        return await self._run(self._finish, wave)

    async def drop(self, wave: int) -> None:
        await self._run(self._waves.pop, wave, None)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        return await self._run(self._scores, pictures, texts)

    async def train(self, lesson: Lesson) -> Any:
        return await self._run(lesson.next)

    async def forget(self, style: str) -> None:
        await self._run(self._pipelines.forget_style, style)

    def memory(self) -> dict[str, float]:
        if self.device.type != "cuda":
            return {}
        free, total = torch.cuda.mem_get_info(self.device)
        return {"used": float(total - free), "total": float(total)}

    async def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _begin(self, wave: Wave) -> int:
        pipe = self._pipelines.styled(wave.mix)
        self._waves[wave.id] = Denoising(pipe, wave)
        return self._waves[wave.id].steps

    def _step(self, wave: int, preview: bool) -> list[Pixels] | None:  # noqa: FBT001 - passed on by position
        state = self._waves[wave]
        mix = state.wave.mix
        # Another wave may have run since the last step, with another style.
        pipe = self._pipelines.styled(mix)
        predicted = state.step(pipe.unet)
        return to_pixels(predicted, mix.model) if preview else None

    def _finish(self, wave: int) -> list[Painted]:
        state = self._waves.pop(wave)
        mix = state.wave.mix
        pictures = state.decode(self._pipelines.get(mix.model, mix.quality).vae)
        reasons = self._safety.reasons(pictures) if self._safety else [None] * len(pictures)
        return [Painted(None if reason else picture, reason) for picture, reason in zip(pictures, reasons, strict=True)]

    def _scores(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        if self._judge is None:
            self._judge = Judge(models.folder(JUDGES[self._profile], judge=True), self.device)
        return self._judge.scores(pictures, texts)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemory(NO_ROOM) from error
        except RuntimeError as error:
            if "can't allocate memory" in str(error):
                raise OutOfMemory(NO_ROOM) from error
            raise
