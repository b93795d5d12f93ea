"""Pictures readied by several hands while the device paints: in order, at once, and judged as if by one."""

import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import torch

from engine.beside import LEAST, Beside
from engine.embedded import JUDGE
from engine.metrics.clip import Judge
from engine.painter import Pixels

HANDS = 3


@pytest.fixture
async def beside() -> AsyncIterator[Beside]:
    found = Beside(HANDS)
    yield found
    found.close()


def pictures(count: int) -> list[Pixels]:
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize(
    ("count", "parts"),
    [(0, []), (1, [1]), (LEAST, [LEAST]), (LEAST + 1, [LEAST, 1]), (32, [11, 11, 10])],
)
async def test_each_hand_takes_its_share_in_order(beside: Beside, count: int, parts: list[int]) -> None:
    given = pictures(count)

    found = await beside.spread(list, given)

    assert [len(part) for part in found] == parts
    assert all(one is other for one, other in zip(given, (picture for part in found for picture in part), strict=True))


async def test_the_hands_work_at_the_same_time(beside: Beside) -> None:
    met = threading.Barrier(HANDS, timeout=30)

    await beside.spread(lambda _: met.wait(), pictures(HANDS * LEAST))


async def test_what_fails_in_one_hand_fails_for_all(beside: Beside) -> None:
    def fails(part: Sequence[Pixels]) -> None:
        if len(part) == 1:
            raise ValueError("this part")

    with pytest.raises(ValueError, match="this part"):
        await beside.spread(fails, pictures(2 * LEAST + 1))


async def test_the_judge_finds_the_same_whoever_readied_the_pictures(beside: Beside) -> None:
    """New ones and ones it remembers, and one twice."""
    given = pictures(2 * LEAST + 1)
    given.append(given[0])
    whole, parted = (Judge(JUDGE, torch.device("cpu")) for _ in range(2))
    parted.scores(given[2:4], ["a red cat"])

    found = parted.cosines(await beside.spread(parted.inputs, given), ["a red cat", "a dog"])

    np.testing.assert_allclose(found, whole.scores(given, ["a red cat", "a dog"]), atol=1e-6)
