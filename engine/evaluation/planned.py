"""An evaluation as it is decided before the first picture is painted: prompts, columns, cells and what is left out."""

from dataclasses import dataclass

from engine import models
from engine.contract.approaches import Profile
from engine.download_bar import download_bar
from engine.evaluation import plan
from engine.evaluation.asked import Asked, limited
from engine.evaluation.chosen import Way, ways
from engine.evaluation.prompt_sets import SHIPPED, PromptSet, read
from engine.evaluation.results import Cell, Column
from engine.planner import Planner
from engine.settings import Settings


@dataclass(frozen=True)
class Planned:
    """`mark` is the fingerprint of all this; `notes` are sentences on what is left out."""

    asked: Asked
    profile: Profile
    prompts: PromptSet
    ways: tuple[Way, ...]
    cells: tuple[Cell, ...]
    mark: str
    notes: list[str]

    @property
    def columns(self) -> list[Column]:
        return [way.column for way in self.ways]

    @property
    def styles(self) -> list[str]:
        return list(dict.fromkeys(column.style for column in self.columns if column.style))


def planned(settings: Settings, asked: Asked) -> Planned:
    """Blocks while models are fetched. Raises BadRequest, BadStyle, NoModel, DiskFull."""
    profile, _ = models.choose_profile(settings)
    prompt_set = read(asked.prompts or SHIPPED[profile])
    prompts = PromptSet(name=prompt_set.name, prompts=limited(prompt_set.prompts, asked.limit))
    with download_bar("models") as fetching:
        chosen_ways, notes = ways(asked, Planner(settings, profile), fetching)
    columns = [way.column for way in chosen_ways]
    cells = plan.cells(columns, prompts.prompts, prompts.variants(), asked.seeds, asked.seed)
    return Planned(asked, profile, prompts, tuple(chosen_ways), tuple(cells), plan.mark(columns, cells, profile), notes)
