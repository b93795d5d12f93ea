"""An easel: the process on a node of the cluster in which a painter works, for the engine that has claimed it.

It outlives that engine, so that the next one finds the models loaded; when no engine speaks to it for long it ends by
itself. RayPainters runs it as a Ray actor; the class itself knows no Ray.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cluster.messages import Claim, Claimed, Piece, program_hash
from engine.cluster.parcels import StyleParcel, TrainingParcel, pack, pack_checkpoints, unpack_training
from engine.contract.approaches import Profile
from engine.contract.training import EpochEnded, StyleTrained
from engine.painter import Painter
from engine.settings import Settings
from engine.training_run import OVER, TrainingRun

log = logging.getLogger(__name__)

SILENT_SECONDS = 4.0
"""After so much silence of its engine an easel may be claimed by another."""
ABANDONED_SECONDS = 15 * 60.0
"""After so much silence of everybody an easel ends, which frees its GPU."""
ASKED = frozenset({"begin", "step", "thin", "finish", "drop", "judge", "forget"})
"""What an engine may ask of the painter itself."""

Make = Callable[[Settings, Profile, int], Painter]


class Easel:
    """`home` names this painter's own folder below the user's cache. Must be made in a running event loop."""

    def __init__(
        self, make: Make, profile: Profile, home: str, threads: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._profile = _settings(home, profile), profile
        self._painter = make(self._settings, profile, threads)
        self._clock, self._heard_at = clock, clock()
        self._engine: str | None = None
        self._waves: dict[int, asyncio.Lock] = {}
        self._styles: dict[str, str] = {}
        self._training: TrainingRun | None = None
        self._program_hash = program_hash()
        # At once: the engine may be gone before it has claimed what it made.
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def claim(self, engine: str) -> Claim | None:
        """Work for `engine` from now on and drop what another had begun; None while that other one still speaks."""
        if self._engine not in {None, engine} and self._clock() - self._heard_at < SILENT_SECONDS:
            return None
        self._engine, self._heard_at = engine, self._clock()
        await self._clear()
        return Claim(
            self._program_hash, self._profile, os.getpid(), getattr(self._painter, "most", None), dict(self._styles)
        )

    async def release(self, engine: str) -> None:
        """The engine goes; the next need not wait."""
        self._check(engine)
        await self._clear()
        self._engine = None

    async def ping(self, engine: str) -> dict[str, float]:
        """The painter's memory; raises Claimed where another engine has taken over."""
        self._check(engine)
        return self._painter.memory()

    async def ask(self, engine: str, what: str, *arguments: Any, **keywords: Any) -> Any:
        """A call of the Painter protocol. A wave's steps are taken one after the other, also those asked for ahead."""
        self._check(engine)
        if what not in ASKED:
            raise ValueError(f"A painter is not asked to {what}.")
        if what == "begin":
            self._waves[arguments[0].id] = asyncio.Lock()
        if what in {"finish", "drop"}:
            self._waves.pop(arguments[0], None)
        async with self._waves[arguments[0]] if what == "step" else contextlib.nullcontext():
            return await getattr(self._painter, what)(*arguments, **keywords)

    async def take_style(self, engine: str, parcel: StyleParcel) -> None:
        """Have a style's files here and use them from the next wave on."""
        self._check(engine)
        await asyncio.to_thread(parcel.unpack, self._settings.styles_dir)
        await self._painter.forget(parcel.name)
        self._styles[parcel.name] = parcel.sha256

    async def forget(self, engine: str, style: str) -> None:
        """A style is gone."""
        self._check(engine)
        self._styles.pop(style, None)
        await asyncio.to_thread(shutil.rmtree, self._settings.styles_dir / style, ignore_errors=True)
        await self._painter.forget(style)

    async def begin_training(self, engine: str, parcel: TrainingParcel) -> None:
        """Take a training; one that was begun before is dropped."""
        self._check(engine)
        self._styles.pop(parcel.order.name, None)
        self._training = TrainingRun(await asyncio.to_thread(unpack_training, parcel, self._settings))

    async def train(self, engine: str, *, cancelled: bool) -> Piece:
        """The next piece of the training that was begun."""
        self._check(engine)
        if self._training is None:
            raise LookupError("No training was begun here.")
        if cancelled and not self._training.cancelled:
            self._training.cancel()
        training = self._training
        news = await self._painter.train(training)
        if news is OVER:
            self._training = None
            return Piece(over=True)
        return await asyncio.to_thread(self._piece, training.work.order.name, news)

    def _piece(self, name: str, news: Any) -> Piece:
        """With the files that this piece saved, as the engine keeps them, too."""
        if isinstance(news, EpochEnded):
            return Piece(over=False, news=news, checkpoints=pack_checkpoints(self._settings.training_dir / name))
        if isinstance(news, StyleTrained):
            return Piece(over=False, news=news, style=pack(self._settings.styles_dir / news.name))
        return Piece(over=False, news=news)

    def abandoned(self) -> bool:
        """Whether no engine has spoken to this easel for long."""
        return self._clock() - self._heard_at > ABANDONED_SECONDS

    def _check(self, engine: str) -> None:
        if engine != self._engine:
            raise Claimed("This easel works for another engine.")
        self._heard_at = self._clock()

    async def _clear(self) -> None:
        for wave in self._waves:
            await self._painter.drop(wave)
        self._waves.clear()
        self._training = None

    async def _watch(self) -> None:
        while not self.abandoned():  # noqa: ASYNC110 - what is waited for is that nothing happens
            await asyncio.sleep(ABANDONED_SECONDS / 30)
        log.warning("no engine has contacted this easel for %d minutes; it ends", ABANDONED_SECONDS // 60)
        os._exit(0)


def diffusion_painter(settings: Settings, profile: Profile, threads: int) -> Painter:
    """The painter of a real easel. Ray leaves a process one thread, unless it is told otherwise."""
    import torch

    from engine.diffusion import DiffusionPainter

    torch.set_num_threads(threads)
    return DiffusionPainter(settings, profile, warm_up=True)


def _settings(home: str, profile: Profile) -> Settings:
    """The folder is nobody else's: under the user's cache, closed to others."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tessera"
    data_dir = cache / home
    settings = Settings(data_dir=data_dir, profile=profile, _env_file=None)  # type: ignore[call-arg]
    for folder in (settings.styles_dir, settings.training_dir):
        shutil.rmtree(folder, ignore_errors=True)
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings
