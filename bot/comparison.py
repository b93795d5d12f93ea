"""A comparison as the bot keeps it: its row, its plan, what is known of its cells, and their PNGs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.jobs import JobRow
from bot.prints import Prints
from engine.contract.comparison import Compared, ComparisonPlan
from engine.contract.grid import Judged, PlannedCell


@dataclass(frozen=True)
class Comparison:
    """Its sheet has a column for each of what is compared and a row for each seed."""

    job: JobRow
    plan: ComparisonPlan
    judged: Mapping[str, Judged]
    prints: Prints

    @property
    def compared(self) -> Compared | None:
        return self.job.compared

    def cell(self, name: str) -> PlannedCell | None:
        return next((cell for cell in self.plan.cells if cell.cell == name), None)

    def scores(self, name: str) -> list[tuple[str, float]]:
        """What was measured about a cell's picture, each with what people read."""
        titles = dict(self.compared.metrics) if self.compared else {}
        scores = []
        for metric, value in self.judged.get(name, Judged()).measures.items():
            kind, _, style = metric.partition(":")
            if value is not None:
                scores.append((f"{titles.get(kind, kind)} {style}".strip(), value))
        return scores

    def as_json(self) -> dict[str, Any]:
        """Everything of it but the pictures and the plot."""
        outcome = self.compared
        return {
            "id": self.job.id,
            "prompt": self.job.prompt,
            "compares": self.plan.compares,
            "seed": self.plan.seed,
            "columns": [column.model_dump(mode="json") for column in self.plan.columns],
            "cells": [self._cell(cell) for cell in self.plan.cells],
            "result": outcome.model_dump(mode="json", exclude={"event", "plot"}) if outcome else None,
            "profile": self.plan.profile,
            "judge": self.plan.judge,
            "warnings": list(self.plan.warnings),
        }

    def _cell(self, cell: PlannedCell) -> dict[str, Any]:
        judged = self.judged.get(cell.cell, Judged()).model_dump(mode="json", exclude={"with_details"})
        return {**cell.model_dump(mode="json", exclude={"photo"}), **judged}
