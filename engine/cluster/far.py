"""A painter on another node, as the engine sees it: each call of the Painter protocol becomes a call of its easel."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from typing import Any, cast

import ray
from ray.exceptions import RayError, RayTaskError

from engine.cluster.messages import Claim, Claimed, Piece
from engine.cluster.outbox import Outbox
from engine.cluster.parcels import pack_training, unpack, unpack_checkpoints
from engine.cluster.places import Place
from engine.cluster.steps_ahead import StepsAhead
from engine.contract.training import StyleTrained
from engine.painter import Painted, PainterLost, Pixels, Scores
from engine.settings import Settings
from engine.training_run import OVER, TrainingRun
from engine.wave import Wave

RELEASE_SECONDS = 5.0
"""For so long at most an engine that ends waits for an easel to let go of it."""


class FarPainter:
    """`easel` is the actor's handle; `engine` the name under which it was claimed."""

    def __init__(self, place: Place, easel: Any, engine: str, claim: Claim, outbox: Outbox, settings: Settings) -> None:
        self.place, self.pid = place, claim.pid
        self._easel, self._engine = easel, engine
        self._outbox, self._settings = outbox, settings
        self._styles = dict(claim.styles)
        self._training: TrainingRun | None = None
        self._steps: dict[int, StepsAhead] = {}
        self._memory: dict[str, float] = {}

    async def begin(self, wave: Wave) -> int:
        if wave.mix.style is not None:
            await self._bring(wave.mix.style)
        steps = cast("int", await self._ask("begin", wave))
        self._steps[wave.id] = StepsAhead(steps, lambda preview: self._ask("step", wave.id, preview=preview))
        return steps

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        # A training's pieces are timed, and must not wait for a step that nobody has asked for yet.
        return await self._steps[wave].step(preview=preview, ahead=self._training is None)

    async def thin(self, wave: int, keep: Sequence[int]) -> None:
        await self._steps[wave].thin(keep)
        await self._ask("thin", wave, list(keep))

    async def finish(self, wave: int) -> list[Painted]:
        del self._steps[wave]
        return cast("list[Painted]", await self._ask("finish", wave))

    async def drop(self, wave: int) -> None:
        if steps := self._steps.pop(wave, None):
            await steps.drop()
        await self._ask("drop", wave)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        return cast("Scores", await self._ask("judge", list(pictures), list(texts)))

    async def train(self, training: TrainingRun) -> Any:
        """Runs where the easel stands; checkpoints and the style are saved here as well."""
        if training is not self._training:
            parcel = await asyncio.to_thread(pack_training, cast("Any", training.work), self._settings)
            await self.call("begin_training", parcel)
        # Until it is known that more is to come, this was the last piece.
        self._training = None
        piece: Piece = await self.call("train", cancelled=training.cancelled)
        if piece.over:
            return OVER
        if piece.style is None:
            self._training = training
        if piece.checkpoints or piece.style is not None:
            return await asyncio.to_thread(_keep, training.work.order.name, piece, self._settings)
        return piece.news

    async def forget(self, style: str) -> None:
        self._styles.pop(style, None)
        await self.call("forget", style)

    async def ping(self) -> None:
        """Tell the easel that its engine is alive. Raises PainterLost where either is not."""
        self._memory = await self.call("ping")

    def end(self) -> None:
        """End its easel's process; the pool sets up another."""
        ray.kill(self._easel)

    def memory(self) -> dict[str, float]:
        return self._memory

    async def close(self) -> None:
        """Leave the easel to the next engine, with its models loaded. One that is silent is left as it is."""
        for steps in self._steps.values():
            steps.close()
        with contextlib.suppress(PainterLost, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await self.call("release")

    async def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Raises what the easel raised, or PainterLost where it cannot be reached or works for somebody else."""
        try:
            return await getattr(self._easel, method).remote(self._engine, *arguments, **keywords)
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, Claimed):
                raise PainterLost(str(cause)) from error
            raise cause from error
        except RayError as error:
            raise PainterLost(f"{self.place.name} cannot be reached.") from error

    async def _ask(self, what: str, *arguments: Any, **keywords: Any) -> Any:
        return await self.call("ask", what, *arguments, **keywords)

    async def _bring(self, style: str) -> None:
        """Send the style's files where the easel has others or none."""
        sha256, parcel = await self._outbox.parcel(style)
        if self._styles.get(style) != sha256:
            await self.call("take_style", parcel)
            self._styles[style] = sha256


def _keep(name: str, piece: Piece, settings: Settings) -> Any:
    """Save what a piece brought, as a training on this machine would have. Raises TesseraError."""
    from engine.training import saving

    root = settings.training_dir / name
    try:
        if piece.checkpoints:
            unpack_checkpoints(piece.checkpoints, root)
        if piece.style is None:
            return piece.news
        unpack(piece.style, root / "style")
        folder = saving.adopt(root / "style", name, settings.styles_dir)
    except OSError as error:
        raise saving.disk(error, root) from error
    shutil.rmtree(root, ignore_errors=True)
    news: StyleTrained = piece.news
    return news.model_copy(
        update={"folder": str(folder), "plot": str(folder / saving.PLOT), "card": str(folder / saving.README)}
    )
