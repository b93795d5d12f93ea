"""The hour's allowance: deleting one's data gives no new one, and keeps nothing that says whose it was."""

from pathlib import Path

from bot.chat import Person
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT

GRID = "/grid a cat blocks:1 approach:3"


async def deleted(r: Rig) -> None:
    await r.hear(ANNA, "/mydata delete")
    await r.settled()
    await r.press(ANNA, "mydata:delete")
    await r.settled()


async def ordered(r: Rig, who: Person = ANNA) -> int:
    await r.hear(who, GRID)
    await r.settled()
    return len(r.chat.posts())


async def test_who_deletes_their_data_has_used_what_they_used(tmp_path: Path) -> None:
    async with rig(tmp_path, pictures_per_hour=8) as r:
        await ordered(r)
        await ordered(r)
        await deleted(r)

        assert await ordered(r) == 2
        assert "You ordered 8 pictures in the last hour" in r.chat.whispered()[-1]


async def test_the_hour_passes_and_others_are_not_concerned(tmp_path: Path) -> None:
    async with rig(tmp_path, pictures_per_hour=8) as r:
        await ordered(r)
        await ordered(r, BERT)
        await deleted(r)

        assert await ordered(r) == 3
        assert await ordered(r, BERT) == 4
        assert await ordered(r, BERT) == 4
        r.now += 3601
        assert await ordered(r) == 5


async def test_what_is_remembered_names_nobody_and_is_gone_after_an_hour(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await ordered(r)
        await deleted(r)
        (row,) = await r.app.parts.database.read("SELECT * FROM spent")

        r.now += 3600
        await r.app._upkeep.prune()

        assert set(row.keys()) == {"mark", "cost", "at"}
        assert "anna" not in str(tuple(row)).lower()
        assert await r.count("SELECT COUNT(*) FROM spent") == 0
        # Only the press that asked for it is left, which is answered with this very person's row gone.
        assert await r.count("SELECT COUNT(*) FROM jobs") == 0


async def test_what_was_ordered_before_the_clock_was_put_back_does_not_count_for_ever(tmp_path: Path) -> None:
    async with rig(tmp_path, pictures_per_hour=4) as r:
        r.now += 365 * 86_400
        await ordered(r)
        await deleted(r)
        await ordered(r)
        r.now -= 365 * 86_400
        await r.app._upkeep.prune()

        assert await ordered(r) == 2
        assert await r.count("SELECT COUNT(*) FROM spent") == 0


async def test_a_clock_that_is_put_back_by_little_gives_no_new_allowance(tmp_path: Path) -> None:
    async with rig(tmp_path, pictures_per_hour=4) as r:
        await ordered(r)
        r.now -= 60

        assert await ordered(r) == 1
