"""An engine in the test's own process that keeps the contract's promises: a stream can be taken over, a retry paints
only what is missing, results are kept until they are acknowledged. It can be held at any event, and it can die.
"""

import asyncio
import base64
import hashlib
import io
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

from PIL import Image

from engine.contract import events
from engine.contract.approaches import STYLED
from engine.contract.comparison import Compare, ComparisonPlanned, EstimateComparison
from engine.contract.errors import BadRequest, EngineAway, NoStyle
from engine.contract.events import Event, GridMade, GridPlanned, JobFailed, PicturePainted, Progress
from engine.contract.grid import GridScore, Plan, PlannedCell, Recipe, Source
from engine.contract.orders import Job, MakeGrid
from engine.contract.scoring import Near, Scored, ScorePicture
from engine.contract.sheet import address
from engine.contract.training import Epoch, EpochEnded, Estimated, EstimateTraining, Stopped, StyleTrained, TrainStyle
from tests import fake_comparisons

SIZE = 32
STEPS = 3
LOSSES = (0.5, 0.3, 0.4, 0.45)


def grid_of(job: Job) -> MakeGrid:
    assert isinstance(job.work, MakeGrid)
    return job.work


def plan_of(job: Job, shipped: str | None = None) -> Plan:
    """Two by two cells a block, the first of each from the prompt, the others photos (approaches 1 and 2)."""
    order = grid_of(job)
    seed = order.seed if order.seed is not None else 7
    generated = order.approach == 3
    cells: list[PlannedCell] = []
    for row in range(2 * order.blocks):
        for column in range(2 * order.blocks):
            unique = row % 2 == 0 and column % 2 == 0
            source: Source = "prompt" if unique else "generated" if generated else "album"
            painted = unique or generated
            cells.append(
                PlannedCell(
                    cell=address(column, row),
                    block=(column // 2, row // 2),
                    unique=unique,
                    source=source,
                    prompt=(order.prompt if unique else "a filler") if painted else None,
                    seed=seed + len(cells) if painted else None,
                    photo=None if painted else "photo.png",
                )
            )
    worn = order.style or (shipped if order.approach == STYLED else None)
    weight = (order.weight or 1.0) if worn else None
    recipe = Recipe(
        model="fake", revision=None, style=worn, weight=weight, scheduler="none", steps=1, guidance=0.0,
        negative=None, dressed_prompt=order.prompt, size=SIZE, versions={},
    )  # fmt: skip
    return Plan(seed=seed, cells=tuple(cells), profile="embedded", judge="fake", recipe=recipe)


def picture_of(job: str, cell: str, *, noise: bool = False) -> bytes:
    """A plain colour, or noise that no compression makes small."""
    digest = hashlib.sha256(f"{job}{cell}".encode()).digest()
    out = io.BytesIO()
    pixels = hashlib.shake_256(digest).digest(SIZE * SIZE * 3) if noise else digest[:3] * (SIZE * SIZE)
    Image.frombytes("RGB", (SIZE, SIZE), pixels).save(out, "PNG")
    return out.getvalue()


class _Alive:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.events: list[Event] = []
        self.task: asyncio.Task[None] | None = None
        self.stopping = False


class FakeEngine:
    """Stands in for `EngineClient` and the process behind it. `hold` stops every job after some events."""

    def __init__(self, *, wave: int = 1) -> None:
        self.generation = 1
        self.up = True
        self.alive: dict[str, _Alive] = {}
        self.order: list[str] = []
        self.painted: Counter[tuple[str, str]] = Counter()
        self.most_at_once = 0
        self.wave = wave
        self.deadly: set[str] = set()
        self.failing: dict[str, JobFailed] = {}
        self.damage = 0
        self.lost_answers = 0
        self.noise = False
        self.held_after: float = float("inf")
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self._news = asyncio.Condition()
        # As on disk: what outlives the process.
        self.cards: dict[str, dict[str, Any]] = {"sketch": {"name": "sketch", "summary": "pencil"}}
        self.checkpoints: dict[str, list[Epoch]] = {}
        self.trained_steps: Counter[tuple[str, int]] = Counter()
        self.orders: list[TrainStyle] = []
        self.die_after_saving = False
        self.stop_asked = asyncio.Event()
        self.scored: list[ScorePicture] = []

    async def run(self, job: Job) -> AsyncGenerator[Event]:
        self._check()
        generation = self.generation
        known = self.alive.get(job.id)
        if known is None:
            known = self.alive[job.id] = _Alive(job)
            self.order.append(job.id)
            known.task = asyncio.create_task(self._work(known))
        sent = 0
        while True:
            async with self._news:
                while len(known.events) <= sent and self.generation == generation:
                    await self._news.wait()
            if self.generation != generation:
                raise EngineAway("The engine died.")
            event = known.events[sent]
            sent += 1
            yield event
            if isinstance(event, events.ENDINGS):
                return

    async def picture(self, job: str, cell: str) -> bytes:
        self._check()
        if self.damage > 0:
            self.damage -= 1
            return b"damaged"
        return picture_of(job, cell, noise=self.noise)

    async def cancel(self, job: str) -> None:
        self._check()
        known = self.alive.get(job)
        if known is None:
            raise BadRequest(f"There is no job {job}.")
        if known.events and isinstance(known.events[-1], events.ENDINGS):
            del self.alive[job]
            return
        if isinstance(known.job.work, TrainStyle) and self.checkpoints.get(known.job.work.name):
            known.stopping = True
            self.stop_asked.set()
            return
        if known.task:
            known.task.cancel()
        await self._tell(known, JobFailed(reason="cancelled", detail="It was cancelled."))

    async def health(self) -> dict[str, Any]:
        self._check()
        return {"contract": events.VERSION, "instance": f"engine-{self.generation}", "wave": self.wave,
                "profile": "embedded", "device": "none", "memory": "none", "jobs": list(self.alive)}  # fmt: skip

    async def styles(self) -> list[dict[str, Any]]:
        self._check()
        return list(self.cards.values())

    async def style(self, name: str) -> dict[str, Any]:
        self._check()
        if name not in self.cards:
            raise NoStyle(f"There is no “{name}”.")
        return self.cards[name]

    async def style_file(self, name: str, file: str) -> bytes:
        card = await self.style(name)
        if file not in card.get("files", ()):
            raise BadRequest(f"The style “{name}” has no file {file}.")
        return picture_of(name, file)

    async def rename_style(self, name: str, to: str) -> None:
        card = await self.style(name)
        if to in self.cards:
            raise BadRequest(f"There is already a style “{to}”.")
        del self.cards[name]
        self.cards[to] = {**card, "name": to, "was": name}
        self._lose_answer()

    async def delete_style(self, name: str) -> None:
        await self.style(name)
        del self.cards[name]
        self._lose_answer()

    async def close(self) -> None:
        return

    async def die(self, *, restart: bool = True) -> None:
        """As kill -9: everything that it had is lost; another process answers at once, or after `start_again`."""
        for known in self.alive.values():
            if known.task and known.task is not asyncio.current_task():
                known.task.cancel()
        self.alive.clear()
        self.generation += 1
        self.up = restart
        async with self._news:
            self._news.notify_all()

    def start_again(self) -> None:
        self.up = True

    def hold(self, after: int) -> None:
        """Hold the jobs once they have sent `after` events; `reached` tells, `go_on` lets go."""
        self.held_after = after
        self.reached.clear()
        self.go_on.clear()

    def _check(self) -> None:
        if not self.up:
            raise EngineAway("Nothing answers.")

    def _lose_answer(self) -> None:
        """What was asked for is done, and nobody hears of it."""
        if self.lost_answers > 0:
            self.lost_answers -= 1
            raise EngineAway("The line is cut.")

    async def _work(self, known: _Alive) -> None:
        match known.job.work:
            case EstimateTraining():
                await self._estimate(known, known.job.work.training)
            case TrainStyle():
                await self._train(known, known.job.work)
            case EstimateComparison():
                await self._estimate_comparison(known, known.job.work.comparison)
            case Compare():
                await self._compare(known, known.job.work)
            case ScorePicture():
                await self._score(known, known.job.work)
            case _:
                await self._paint(known)

    async def _estimate(self, known: _Alive, order: TrainStyle) -> None:
        if order.name in self.cards:
            await self._tell(known, JobFailed(reason="bad_request", detail=f"There is already a style “{order.name}”."))
            return
        done = len(self.checkpoints.get(order.name, ())) if order.resume else 0
        steps = STEPS * ((order.epochs or len(LOSSES)) - done)
        await self._tell(known, Estimated(images=100, steps=steps, seconds=300, bytes_to_fetch=300_000_000,
                                          memory_bytes=2_000_000_000,
                                          epochs_done=done if order.resume else None))  # fmt: skip

    async def _estimate_comparison(self, known: _Alive, order: Compare) -> None:
        missing = next((style for style in order.styles if style not in self.cards), None)
        if missing:
            await self._tell(known, JobFailed(reason="no_style", detail=f"There is no style “{missing}”."))
            return
        try:
            await self._tell(known, fake_comparisons.estimated(order))
        except BadRequest as error:
            await self._tell(known, JobFailed(reason=error.reason, detail=str(error)))

    async def _compare(self, known: _Alive, order: Compare) -> None:
        """As the engine does it: what the job has already is neither painted nor told again."""
        job = known.job
        plan = job.comparison or fake_comparisons.plan_of(order)
        judged = dict(job.have)
        await self._tell(known, ComparisonPlanned(plan=plan))
        if order.prompt in self.failing:
            await self._tell(known, self.failing[order.prompt])
            return
        missing = [cell for cell in plan.cells if cell.cell not in judged]
        for done, cell in enumerate(missing):
            self.painted[job.id, cell.cell] += 1
            await self._tell(known, Progress(done=done, total=len(plan.cells), phase="painting", eta_s=9.0))
            judged[cell.cell] = fake_comparisons.judged_of(plan, cell)
            data = picture_of(job.id, cell.cell, noise=self.noise)
            digest = hashlib.sha256(data).hexdigest()
            told = judged[cell.cell].model_dump()
            await self._tell(known, PicturePainted(cell=cell.cell, sha256=digest, bytes=len(data), **told))
        await self._tell(known, fake_comparisons.compared_of(plan, judged))

    async def _score(self, known: _Alive, order: ScorePicture) -> None:
        self.scored.append(order)
        if not order.data.startswith((b"\x89PNG", b"\xff\xd8")):
            detail = "The file is not a picture that can be read; PNG, JPEG, WebP and GIF can be read."
            await self._tell(known, JobFailed(reason="bad_request", detail=detail))
            return
        near = (Near(prompt="a dog", score=0.2), Near(prompt="a car", score=0.1))
        await self._tell(known, Scored(score=0.31, judge="fake", rank=1, of=65, references="embedded", nearest=near,
                                       profile="embedded"))  # fmt: skip

    async def _train(self, known: _Alive, order: TrainStyle) -> None:
        """As the engine does it: a checkpoint after each epoch, patience 2, and a style only at the end."""
        self.orders.append(order)
        if order.name in self.cards:
            await self._tell(known, JobFailed(reason="bad_request", detail=f"There is already a style “{order.name}”."))
            return
        if not order.resume:
            self.checkpoints.pop(order.name, None)
        epochs = self.checkpoints.setdefault(order.name, [])
        most = min(order.epochs or len(LOSSES), len(LOSSES))
        await self._tell(known, Progress(done=0, total=1, phase="loading"))
        for number in range(1, len(epochs) + 1):
            await self._tell(known, self._told_of(order.name, epochs[:number]))
        while len(epochs) < most and not known.stopping:
            number = len(epochs) + 1
            for step in range(STEPS):
                self.trained_steps[order.name, number] += 1
                done = (number - 1) * STEPS + step + 1
                await self._tell(known, Progress(done=done, total=STEPS * most, phase="training", eta_s=9.0))
            epoch = Epoch(epoch=number, train_loss=0.6, held_out_loss=LOSSES[number - 1], seconds=1.0)
            epochs.append(epoch)
            await self._tell(known, self._told_of(order.name, epochs))
        await self._save(known, order, epochs)

    def _told_of(self, name: str, epochs: list[Epoch]) -> EpochEnded:
        best = min(epochs, key=lambda each: each.held_out_loss).epoch
        plot = base64.b64encode(picture_of(name, f"plot{len(epochs)}")).decode()
        return EpochEnded(**epochs[-1].model_dump(), best=best, plot=plot)

    async def _save(self, known: _Alive, order: TrainStyle, epochs: list[Epoch]) -> None:
        best = min(epochs, key=lambda each: each.held_out_loss).epoch
        stopped: Stopped = "cancelled" if known.stopping else "patience" if len(epochs) == len(LOSSES) else "epochs"
        told = StyleTrained(name=order.name, folder="styles", base="fake", stopped=stopped, best_epoch=best,
                            epochs=tuple(epochs), plot="training_loss.png", card="README.md",
                            sheet=base64.b64encode(picture_of(order.name, "sheet")).decode())  # fmt: skip
        kept = told.model_dump(mode="json", include={"name", "base", "stopped", "best_epoch", "epochs", "warnings"})
        data = {"origin": "WikiArt, Impressionism", "licence": "public domain", "images": 100}
        self.cards[order.name] = {**kept, "summary": "WikiArt, 100 pictures", "data": data, "files": ["samples.png"]}
        del self.checkpoints[order.name]
        if self.die_after_saving:
            self.die_after_saving = False
            await self.go_on.wait()
            await self.die()
            return
        await self._tell(known, told)

    async def _paint(self, known: _Alive) -> None:
        job = known.job
        style = grid_of(job).style
        if style and style not in self.cards:
            await self._tell(known, JobFailed(reason="no_style", detail=f"There is no “{style}”."))
            return
        shipped = next((name for name, card in self.cards.items() if card.get("shipped")), None)
        plan = job.plan or plan_of(job, shipped)
        await self._tell(known, GridPlanned(plan=plan))
        if grid_of(job).prompt in self.deadly:
            await self._tell(known, Progress(done=0, total=1, phase="loading"))
            await self.die()
            return
        if grid_of(job).prompt in self.failing:
            await self._tell(known, self.failing[grid_of(job).prompt])
            return
        missing = [cell for cell in plan.cells if cell.cell not in job.have]
        self.most_at_once = max(self.most_at_once, sum(not self._ended(entry) for entry in self.alive.values()))
        for done, cell in enumerate(missing):
            self.painted[job.id, cell.cell] += 1
            await self._tell(known, Progress(done=done, total=len(missing), phase="painting", eta_s=9.0))
            await self._tell(known, self._painted(job, cell.cell))
        unique = sum(cell.unique for cell in plan.cells)
        score = GridScore(judge="fake", n=unique, mean=0.25, std=0.01, fillers_mean=0.1, margin=0.15, with_details=None,
                          retrieval=None)  # fmt: skip
        await self._tell(known, GridMade(score=score))

    def _painted(self, job: Job, cell: str) -> PicturePainted:
        if "nude" in grid_of(job).prompt and cell == "A1":
            return PicturePainted(cell=cell, withheld="judged unsafe")
        data = picture_of(job.id, cell, noise=self.noise)
        return PicturePainted(cell=cell, score=0.25, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))

    async def _tell(self, known: _Alive, event: Event) -> None:
        if len(known.events) >= self.held_after and not isinstance(event, JobFailed) and not self.go_on.is_set():
            self.reached.set()
            await self.go_on.wait()
        known.events.append(event)
        async with self._news:
            self._news.notify_all()
        await asyncio.sleep(0)

    @staticmethod
    def _ended(known: _Alive) -> bool:
        return bool(known.events) and isinstance(known.events[-1], events.ENDINGS)
