"""What is painted together. A wave is one batch: rows of any jobs that share a mix."""

from dataclasses import dataclass

from engine.contract.grid import Quality, Recipe


@dataclass(frozen=True)
class Mix:
    """All that the rows of one batch must have in common. `quality` "fast" may change pictures a little for speed."""

    model: str
    style: str | None
    weight: float
    steps: int
    guidance: float
    quality: Quality = "reference"

    @classmethod
    def of(cls, recipe: Recipe) -> "Mix":
        """What pictures of this recipe share."""
        return cls(recipe.model, recipe.style, recipe.weight or 0.0, recipe.steps, recipe.guidance, recipe.quality)


@dataclass(frozen=True)
class Row:
    """One picture to be painted: `prompt` is dressed; `seed` seeds a CPU generator for its own noise.

    `order` tells apart what was ordered under one job's id, one after the other.
    """

    job: str
    cell: str
    prompt: str
    negative: str
    seed: int
    order: int = 0


@dataclass(frozen=True)
class Wave:
    id: int
    mix: Mix
    rows: tuple[Row, ...]
