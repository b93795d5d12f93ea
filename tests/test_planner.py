"""What is random about a grid: where the prompt's pictures stand, and the seed of each."""

from collections import Counter

from engine.contract.sheet import position
from engine.filling import picture_seed
from engine.planner import _places


def test_every_place_of_a_block_is_equally_likely_whatever_the_block_beside_it_has() -> None:
    grids = 3000

    pairs: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[int, int], Counter[tuple[int, int]]] = {}
    for seed in range(grids):
        uniques, _ = _places(2, seed)
        for cell in uniques:
            column, row = position(cell.cell)
            places.setdefault(cell.block, Counter())[column % 2, row % 2] += 1
        pairs[uniques[0].cell, uniques[1].cell] += 1

    # Five standard deviations of a fair lot.
    assert len(places) == 4
    for found in places.values():
        assert len(found) == 4
        assert all(abs(count - grids / 4) < 5 * (grids * 3 / 16) ** 0.5 for count in found.values())
    assert len(pairs) == 16
    assert all(abs(count - grids / 16) < 5 * (grids * 15 / 256) ** 0.5 for count in pairs.values())


def test_each_cell_is_planned_once_and_in_the_block_where_its_address_lies() -> None:
    for blocks in range(1, 9):
        uniques, others = _places(blocks, 7)

        cells = {cell.cell: cell for cell in (*uniques, *others)}
        assert len(cells) == len(uniques) + len(others) == 4 * blocks**2
        for name, cell in cells.items():
            column, row = position(name)
            assert cell.block == (column // 2, row // 2)


def test_a_seed_that_somebody_noted_makes_the_same_pictures_after_an_update() -> None:
    uniques, _ = _places(2, 7)

    assert [cell.cell for cell in uniques] == ["A1", "D1", "A3", "C4"]
    assert [picture_seed(7, cell) for cell in ("A1", "P16")] == [2484477590, 3003339060]
