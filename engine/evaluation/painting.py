"""Planned cells become pictures: batches of one column go to an engine, each picture is journalled as it arrives."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.contract.approaches import JUDGES, Profile
from engine.contract.errors import TesseraError, from_reason
from engine.contract.events import JobFailed, PicturePainted, Progress
from engine.contract.grid import Plan, PlannedCell
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.sheet import address
from engine.evaluation.bar import EvaluationBar
from engine.evaluation.chosen import Way, order_of
from engine.evaluation.files import put
from engine.evaluation.journal import Journal
from engine.evaluation.results import Cell
from engine.local import Paints

BATCH = 64
ACROSS = 8
LAST_TURN = 2**40
"""People's grids have lower turns: they are painted first, and an evaluation fills what is left over."""


class Painting:
    """What is still to be painted of `planned`, and the pictures that several cells share.

    Two columns that paint the same picture, as approaches 1 and 3 do, have one file: `twins` are its other cells.
    """

    def __init__(self, planned: Sequence[Cell], ways: Mapping[str, Way], journal: Journal, out: Path) -> None:
        self._ways, self._journal, self._out = ways, journal, out
        done = {cell.key: cell for cell in journal.cells.values() if _whole(cell, out)}
        by_look = {self._look(cell): cell for cell in done.values()}
        self.twins: dict[str, list[Cell]] = {}
        leaders: dict[object, Cell] = {}
        for cell in planned:
            look = self._look(cell)
            if cell.key in done:
                continue
            if look in by_look:
                journal.add(_like(cell, by_look[look]))
            elif look in leaders:
                self.twins[leaders[look].key].append(cell)
            else:
                leaders[look], self.twins[cell.key] = cell, []
        self.cells = list(leaders.values())

    async def paint(self, engine: Paints, profile: Profile, bar: EvaluationBar) -> None:
        """Raises the errors of engine.contract.errors, OSError; what was journalled before is kept."""
        for batch in self._batches():
            await self._paint(engine, batch, profile, bar)

    def _batches(self) -> Iterator[tuple[Cell, ...]]:
        """Of one column each; in the order of planning as far as full batches allow."""
        columns: dict[str, list[Cell]] = {}
        for cell in self.cells:
            columns.setdefault(cell.column, []).append(cell)
        position = {cell.key: number for number, cell in enumerate(self.cells)}
        batches = [
            tuple(cells[start : start + BATCH]) for cells in columns.values() for start in range(0, len(cells), BATCH)
        ]
        yield from sorted(batches, key=lambda batch: position[batch[0].key])

    async def _paint(self, engine: Paints, batch: Sequence[Cell], profile: Profile, bar: EvaluationBar) -> None:
        job, cells = _job(self._ways[batch[0].column], batch, profile)
        try:
            async for event in engine.run(job):
                match event:
                    case PicturePainted():
                        png = await engine.picture(job.id, event.cell) if event.sha256 else None
                        self._keep(cells[event.cell], png, event.withheld)
                        bar.painted()
                    case Progress():
                        bar.update(event)
                    case JobFailed():
                        raise from_reason(event.reason, event.detail)
        finally:
            # Acknowledges the end, or stops what nobody waits for any more.
            with contextlib.suppress(TesseraError, KeyError):
                await engine.cancel(job.id)

    def _keep(self, cell: Cell, png: bytes | None, withheld: str | None) -> None:
        finished = cell.model_copy(update={"file": cell.file if png else None, "withheld": withheld})
        if png and cell.file:
            put(self._out / cell.file, png)
        self._journal.add(finished)
        for twin in self.twins[cell.key]:
            self._journal.add(_like(twin, finished))

    def _look(self, cell: Cell) -> object:
        """All that a picture depends on."""
        way = self._ways[cell.column]
        return (way.recipe.model_dump_json(), str(way.column.recipe.get("adapter")), cell.asked, cell.seed)


def _like(cell: Cell, twin: Cell) -> Cell:
    return cell.model_copy(update={"file": twin.file, "withheld": twin.withheld})


def _whole(cell: Cell, out: Path) -> bool:
    return cell.withheld is not None or (cell.file is not None and (out / cell.file).is_file())


def _job(way: Way, batch: Sequence[Cell], profile: Profile) -> tuple[Job, dict[str, Cell]]:
    """A job that carries its own plan, and the cell at each address."""
    places = {address(number % ACROSS, number // ACROSS): cell for number, cell in enumerate(batch)}
    planned_cells = tuple(
        PlannedCell(
            cell=place,
            block=(number % ACROSS // 2, number // ACROSS // 2),
            unique=False,
            source="generated",
            prompt=cell.asked,
            seed=cell.seed,
        )
        for number, (place, cell) in enumerate(places.items())
    )
    plan = Plan(seed=0, cells=planned_cells, profile=profile, judge=JUDGES[profile], recipe=way.recipe)
    return Job(id=new_id(), turn=LAST_TURN, work=order_of(way.column), plan=plan), places
