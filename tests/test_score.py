"""The grid's score against independent computations."""

import math
import random
from statistics import NormalDist

import pytest

from engine.contract import words
from engine.contract.grid import Judged, Plan, PlannedCell, Recipe
from engine.contract.sheet import address
from engine.metrics.grid_score import grid_score, wilson

RECIPE = Recipe(
    model="m", revision=None, style=None, weight=None, scheduler="s", steps=1, guidance=1.0, negative=None,
    dressed_prompt="a cat", size=64, versions={},
)  # fmt: skip

BLOCKS = ((0, 0), (0, 1), (1, 0), (1, 1))


def plan(blocks: int, seed: int = 0) -> Plan:
    rng = random.Random(seed)
    cells = []
    for row in range(blocks):
        for column in range(blocks):
            chosen = rng.randrange(4)
            cells += [
                PlannedCell(
                    cell=address(2 * column + i % 2, 2 * row + i // 2),
                    block=(column, row),
                    unique=i == chosen,
                    source="prompt" if i == chosen else "album",
                )
                for i in range(4)
            ]
    return Plan(seed=seed, cells=tuple(cells), profile="embedded", judge="j", recipe=RECIPE)


def judged(found: Plan, own: float, other: float) -> dict[str, Judged]:
    return {cell.cell: Judged(score=own if cell.unique else other) for cell in found.cells}


@pytest.mark.parametrize(("hits", "of"), [(0, 16), (1, 16), (12, 16), (16, 16), (1, 1), (64, 64), (33, 64)])
def test_wilsons_interval_ends_where_the_count_is_just_as_far_off_as_chance_allows(hits: int, of: int) -> None:
    """Wilson (1927): where the difference is 1.96 standard deviations, each of the proportion at that end."""
    low, high = wilson(hits, of)

    assert low <= hits / of <= high
    assert low < high
    for end in (low, high):
        deviation = math.sqrt(end * (1 - end) / of)
        assert abs(hits / of - end) == pytest.approx(NormalDist().inv_cdf(0.975) * deviation, abs=1e-9)


def test_mean_deviation_and_margin_are_over_the_right_cells() -> None:
    found = plan(2)
    rng = random.Random(1)
    scores = {cell.cell: Judged(score=rng.uniform(-1, 1), with_details=rng.uniform(-1, 1)) for cell in found.cells}
    own = [scores[cell.cell].score or 0 for cell in found.cells if cell.unique]
    detailed = [scores[cell.cell].with_details or 0 for cell in found.cells if cell.unique]
    others = [scores[cell.cell].score or 0 for cell in found.cells if not cell.unique]

    score = grid_score(found, scores)

    mean = sum(own) / 4
    assert score.n == 4
    assert score.mean == pytest.approx(mean)
    assert score.std == pytest.approx(math.sqrt(sum((s - mean) ** 2 for s in own) / 3))
    assert score.margin == pytest.approx(mean - sum(others) / 12)
    assert score.fillers_mean == pytest.approx(sum(others) / 12)
    assert score.with_details == pytest.approx(sum(detailed) / 4)


def test_retrieval_counts_blocks_by_brute_force() -> None:
    found = plan(8)
    rng = random.Random(2)
    scores = {cell.cell: Judged(score=rng.uniform(-1, 1) + 0.3 * cell.unique) for cell in found.cells}
    hits = 0
    for block in {cell.block for cell in found.cells}:
        four = sorted((c for c in found.cells if c.block == block), key=lambda c: -(scores[c.cell].score or 0))
        hits += four[0].unique

    retrieval = grid_score(found, scores).retrieval

    assert retrieval is not None
    assert (retrieval.hits, retrieval.of, retrieval.chance) == (hits, 64, 0.25)


def test_a_tie_is_no_hit() -> None:
    found = plan(2)

    retrieval = grid_score(found, judged(found, 0.2, 0.2)).retrieval

    assert retrieval is not None
    assert retrieval.hits == 0


def test_withheld_cells_are_neither_scored_nor_counted() -> None:
    found = plan(2)
    scores = judged(found, 0.3, 0.1)
    own = next(cell.cell for cell in found.cells if cell.unique)
    scores[own] = Judged(withheld="unsafe")

    score = grid_score(found, scores)

    assert score.n == 3
    assert score.retrieval is not None
    assert score.retrieval.of == 3


def test_chance_is_that_of_the_pictures_that_are_left_and_a_block_without_fillers_is_no_trial() -> None:
    found = plan(2)
    scores = judged(found, 0.3, 0.1)
    fillers = {
        block: [cell.cell for cell in found.cells if cell.block == block and not cell.unique] for block in BLOCKS
    }
    for cell in (fillers[0, 0][0], *fillers[1, 1]):
        scores[cell] = Judged(withheld="unsafe")

    retrieval = grid_score(found, scores).retrieval

    assert retrieval is not None
    assert (retrieval.hits, retrieval.of) == (3, 3)
    assert retrieval.chance == pytest.approx((1 / 3 + 1 / 4 + 1 / 4) / 3)
    assert (retrieval.low, retrieval.high) == wilson(3, 3)


def test_a_grid_whose_pictures_are_all_withheld_has_no_number() -> None:
    found = plan(1)

    score = grid_score(found, {cell.cell: Judged(withheld="unsafe") for cell in found.cells})

    assert (score.n, score.mean, score.std, score.margin, score.retrieval) == (0, None, None, None, None)


def test_where_only_the_fillers_are_left_they_have_a_mean_and_nothing_is_compared() -> None:
    found = plan(1)
    scores = judged(found, 0.3, 0.1)
    scores[next(cell.cell for cell in found.cells if cell.unique)] = Judged(withheld="unsafe")

    score = grid_score(found, scores)

    assert (score.n, score.mean, score.margin, score.retrieval) == (0, None, None, None)
    assert score.fillers_mean == pytest.approx(0.1)


def test_the_tokens_that_the_judge_had_no_room_for_are_told_with_the_score() -> None:
    found = plan(1).model_copy(update={"tokens_not_scored": 12})

    said = words.score(grid_score(found, judged(found, 0.3, 0.1)))

    assert said.endswith(". The judge could not read the last 12 tokens of the prompt.")


def test_a_single_picture_has_no_deviation() -> None:
    found = plan(1)

    assert grid_score(found, judged(found, 0.3, 0.1)).std is None


def test_the_spread_of_single_pictures_is_not_written_as_an_interval_of_their_mean() -> None:
    found = plan(2)
    scores = {cell.cell: Judged(score=0.1 * number) for number, cell in enumerate(found.cells)}

    said = words.score(grid_score(found, scores))

    assert f", standard deviation {grid_score(found, scores).std:.3f} (4 pictures; cosine, judge j)" in said
    assert "±" not in said
