"""Comparisons through the core: cost, the line, painting, the table, and everything that may happen on the way."""

import asyncio
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot import texts
from bot.chat import Message
from engine.contract.events import JobFailed
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT, LOBBY, MODERATOR
from tests.web_rig import web_rig

WEIGHTS = "/compare a cat wearing neon-glasses weights:0,0.5,1 seeds:4"


async def estimate(r: Rig, text: str = WEIGHTS) -> Message:
    before = len(r.chat.whispers)
    await r.hear(ANNA, text)
    await r.idle()
    (answer,) = r.chat.whispers[before:]
    return answer[1]


async def press(r: Rig, message: Message, label: str) -> None:
    await r.press(ANNA, next(button.press for button in message.buttons if button.label == label))


async def compared(r: Rig, text: str = WEIGHTS) -> Message:
    """The posted comparison."""
    await press(r, await estimate(r, text), "Start")
    await r.until("SELECT COUNT(*) FROM jobs")
    await r.settled()
    return r.chat.posts()[-1].message


async def test_the_cost_is_told_before_anything_is_painted_and_cancel_starts_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        told = await estimate(r)

        assert "*Compare 4 columns of “a cat wearing neon-glasses”?*" in told.text
        assert "A without the style, B sketch x 0.5, C sketch x 1, D saying “pencil drawing”" in told.text
        assert "4 seeds, the same in every column: 16 pictures to paint, about 42 s" in told.text

        await press(r, told, "Cancel")
        await r.settled()
        await press(r, told, "Start")
        await r.settled()

        assert r.chat.whispered()[-2] == "Nothing was compared."
        assert "This estimate is too old" in r.chat.whispered()[-1]
        assert await r.jobs() == []


async def test_the_result_is_a_sheet_a_plot_a_table_and_a_sentence(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        posted = await compared(r)

        (job,) = await r.jobs()
        sheet, plot = posted.pictures
        lines = posted.text.splitlines()
        table = [line for line in lines if line.startswith("`")]
        assert (job.state, job.cost, job.painted) == ("delivered", 16, 16)
        assert lines[0] == f"*a cat wearing neon-glasses* · comparing weights · `{job.id}`"
        assert lines[1].startswith("*Every gain in style costs content here; sketch x 0.5 pays the least")
        both = "clearly shows less of what was asked for and is clearly stronger in style."
        assert lines[2] == f"Each of sketch x 0.5 and sketch x 1 {both}"
        assert lines[3] == "4 pictures are too few to tell saying “pencil drawing” from the baseline."
        assert len(table) == 5
        assert len({len(line) for line in table}) == 1
        assert table[3].startswith("`C sketch x 1 ")
        assert "Student's t over 4 seeds; they speak for this prompt only; * differs from 0 after" in posted.text
        assert "after Holm's correction for 3 columns." in posted.text
        assert Image.open(BytesIO(sheet.data)).format == "PNG"
        assert Image.open(BytesIO(plot.data)).size == (1520, 960)
        assert [button.label for button in posted.buttons] == ["Again, new seeds", "Delete"]


async def test_each_picture_of_the_sheet_can_be_opened_where_it_lies(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        posted = await compared(r)

        (job,) = await r.jobs()
        sheet = Image.open(BytesIO(posted.pictures[0].data)).convert("RGB")
        assert posted.grid is not None
        left, top, width, height = posted.grid["boxes"]["C3"]
        middle = (round((left + width / 2) * sheet.width), round((top + height / 2) * sheet.height))
        cell = next(cell for cell in posted.grid["cells"] if cell["cell"] == "C3")
        await r.hear(ANNA, f"/cell {job.id} c3")
        await r.settled()
        shown = r.chat.posts()[-1].message
        colour = Image.open(BytesIO(shown.pictures[0].data)).convert("RGB").getpixel((0, 0))
        assert sheet.getpixel(middle) == colour
        assert cell["column"] == "sketch x 1"
        assert [title for title, _ in cell["scores"]] == ["content", "retrieval", "style sketch"]
        assert f"content {cell['score']:.3f}" in shown.text
        assert f"*C3* of `{job.id}`: C sketch x 1" in shown.text
        assert f"seed {cell['seed']}" in shown.text


async def test_the_same_seeds_stand_in_every_column_and_the_baseline_comes_first(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await compared(r)

        plan = await r.app.parts.jobs.comparison_plan((await r.jobs())[0])
        assert plan is not None
        assert plan.columns[0].role == "baseline"
        assert [len({cell.seed for cell in row}) for row in plan.rows] == [1] * 4
        assert len({row[0].seed for row in plan.rows}) == 4


@pytest.mark.parametrize("after", [3, 9, 20])
async def test_after_the_engine_or_the_bot_died_only_what_is_missing_is_painted(tmp_path: Path, after: int) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after)
        await press(r, await estimate(r), "Start")
        await asyncio.wait_for(r.engine.reached.wait(), 10)
        kept = "SELECT COUNT(*) >= :n FROM pictures"
        await r.until(kept, n=(after - 1) // 2)
        await r.engine.die(restart=True)
        await r.kill()
        r.engine.go_on.set()

        await r.start()
        await r.settled()

        (job,) = await r.jobs()
        again = [cell for (_, cell), times in r.engine.painted.items() if times > 1]
        assert job.state == "delivered"
        assert len(r.engine.painted) == 16
        assert len(again) <= 1
        assert len(r.chat.posts()) == 1


async def test_start_pressed_twice_is_one_comparison(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        told = await estimate(r)
        await press(r, told, "Start")
        await r.settled()
        r.now += 60
        await press(r, told, "Start")
        await r.settled()

        assert len(await r.jobs()) == 1
        assert "was already started" in r.chat.whispered()[-1]


async def test_somebody_elses_estimate_cannot_be_started(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        told = await estimate(r)
        await r.press(BERT, told.buttons[0].press)
        await r.settled()

        assert await r.jobs() == []


async def test_an_estimate_of_last_week_cannot_be_started(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        told = await estimate(r)
        r.now += 8 * 86_400

        await press(r, told, "Start")
        await r.settled()

        assert "This estimate is too old" in r.chat.whispered()[-1]
        assert await r.jobs() == []


async def test_it_counts_as_so_many_pictures_against_the_limits(tmp_path: Path) -> None:
    async with rig(tmp_path, pictures_per_hour=20) as r:
        first, second = await estimate(r), await estimate(r)
        await press(r, first, "Start")
        await r.settled()
        await press(r, second, "Start")
        await r.settled()

        assert len(await r.jobs()) == 1
        assert "You ordered 16 pictures in the last hour; 16 more would exceed the limit" in r.chat.whispered()[-1]


async def test_it_can_be_cancelled_while_it_is_painted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(8)
        await press(r, await estimate(r), "Start")
        await asyncio.wait_for(r.engine.reached.wait(), 10)
        await r.hear(ANNA, "/cancel")
        await r.settled()

        (job,) = await r.jobs()
        assert job.state == "cancelled"
        assert r.chat.posts() == []
        assert r.chat.said()[0].message.buttons[0].label == "Compare again"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("a cat approaches:1,4", "approaches must be 1, 2 or 3, not “4”."),
        ("a cat approaches:2", "One approach has nothing to compare with"),
        ("a cat weights:0,2.5 styles:sketch", "weights must be numbers from 0 to 2"),
        ("a cat weights:0 styles:sketch", "The only weight is 0"),
        ("a cat weights:0,1 styles:nobody", "There is no style “nobody”."),
        ("a cat against:a cat", "The two prompts are the same"),
        ("a cat against:a dog weights:0,1 styles:sketch", "Compare one thing at a time"),
        ("a cat seeds:1", "seeds must be a whole number from 2 to 16"),
        ("a cat seeds:400", "seeds must be a whole number from 2 to 16"),
        ("a cat approaches:1,3 styles:sketch", "Only approach 2 paints with styles"),
        (f"a cat weights:{','.join(['1'] * 17)}", "weights may name at most 16; these are 17."),
        ("a cat styles:a,b,c,d,e,f,g,h,i", "styles may name at most 8; these are 9."),
    ],
)
async def test_what_makes_no_sense_is_refused_in_a_sentence(tmp_path: Path, typed: str, says: str) -> None:
    async with rig(tmp_path) as r:
        told = await estimate(r, f"/compare {typed}")

        assert says in told.text
        assert told.buttons == ()


async def test_weights_are_those_of_the_adopted_style_or_of_the_only_one(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        only = await estimate(r, "/compare a cat weights:0,1")
        r.engine.cards["ink"] = {"name": "ink"}
        unclear = await estimate(r, "/compare a cat weights:0,1")
        await r.press(MODERATOR, "adopt:ink")
        await r.settled()
        adopted = await estimate(r, "/compare a cat weights:0,1")

        assert "sketch x 1" in only.text
        assert (
            "Name the style whose weights to compare, such as styles:sketch. The choices are: sketch, ink."
            in unclear.text
        )
        assert "ink x 1" in adopted.text


async def test_weights_are_those_of_the_style_that_a_grid_would_wear_here(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["pencil"] = {"name": "pencil", "shipped": True}

        assert "pencil x 1" in (await estimate(r, "/compare a cat weights:0,1")).text


async def test_an_engine_that_is_away_is_not_taken_for_one_without_styles(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.up = False
        said = await estimate(r, "/compare a cat weights:0,1")

        assert said.text == texts.ENGINE_AWAY


async def test_two_prompts_are_compared_without_a_style_and_without_a_plot(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        posted = await compared(r, "/compare a cat against:a dog seeds:3")

        assert len(posted.pictures) == 1
        assert "`A a cat" in posted.text
        assert "`B a dog" in posted.text
        assert "style" not in posted.text.split("First line")[0]


async def test_a_prompt_with_a_forbidden_word_is_not_compared(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(MODERATOR, "/settings scope:server words:gun")
        await r.settled()

        told = await estimate(r, "/compare a cat against:a gun")

        assert "a word that this server does not allow" in told.text


async def test_a_failing_comparison_ends_with_its_sentence_and_can_be_tried_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.failing["a cat"] = JobFailed(reason="no_model", detail="The model cannot be fetched.")
        await press(r, await estimate(r, "/compare a cat approaches:1,3"), "Start")
        await r.settled()
        said = r.chat.said()[0].message
        r.engine.failing.clear()

        await press(r, said, "Compare again")
        await r.settled()

        assert "The model cannot be fetched." in said.text
        assert "*Compare 2 columns" in r.chat.whispered()[-1]


async def test_history_show_export_and_delete_know_comparisons(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await compared(r)
        (job,) = await r.jobs()

        for text in ("/history", f"/show {job.id}", "/mydata export"):
            await r.hear(ANNA, text)
            await r.settled()

        history, export = (message for _, message in r.chat.whispers[-2:])
        archive = zipfile.ZipFile(BytesIO(export.files[0].data))
        kept = json.loads(archive.read(f"{job.id}/comparison.json"))
        assert "comparing weights" in history.text
        assert history.pictures
        assert len(r.chat.posts()) == 2
        assert kept["result"]["columns"][2]["differences"]["style_score"]["value"] > 0.3
        assert f"{job.id}/A1.png" in archive.namelist()

        await r.press(ANNA, f"delete:{job.id}:yes")
        await r.settled()

        assert (await r.jobs())[0].state == "deleted"
        assert r.chat.posts(LOBBY.channel) == [] or all(job.id not in post.key for post in r.chat.posts())


@pytest.mark.parametrize("button", ["again:{id}", "edit:{id}", "approach:{id}:2", "recipe:{id}"])
async def test_buttons_of_grids_know_that_a_comparison_is_none(tmp_path: Path, button: str) -> None:
    async with rig(tmp_path) as r:
        await compared(r)
        (job,) = await r.jobs()

        await r.press(ANNA, button.format(id=job.id))
        await r.settled()

        assert "is a comparison, not a grid" in r.chat.whispered()[-1]


@pytest.mark.parametrize(
    ("forged", "says"),
    [
        ("recompare:{grid}", "is not a comparison, so"),
        ("retrain:{grid}", "is not a training, so"),
        ("compare:{training}", "This estimate is too old"),
        ("train:{comparison}", "This estimate is too old"),
        ("score:{training}", "too old, or"),
    ],
)
async def test_a_press_with_the_id_of_something_else_is_told_so(tmp_path: Path, forged: str, says: str) -> None:
    async with rig(tmp_path) as r:
        await r.hear(MODERATOR, "/grid a cat blocks:1")
        await r.settled()
        for text in ("/finetune name:ink", WEIGHTS):
            await r.hear(MODERATOR, text)
            await r.idle()
        training, comparison = (message.buttons[0].press.split(":")[1] for _, message in r.chat.whispers)
        (grid,) = await r.jobs()

        press = forged.format(grid=grid.id, training=training, comparison=comparison)
        await r.press(MODERATOR, press, values={"prompt": "a cat"})
        await r.settled()

        assert says in r.chat.whispered()[-1]
        assert len(await r.jobs()) == 1


async def test_a_small_destination_gets_a_smaller_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.noise = True
        r.chat.file_bytes = 200_000
        posted = await compared(r)

        assert len(posted.pictures[0].data) <= 200_000
        assert posted.pictures[0].name.endswith(".jpg")


async def test_again_asks_for_new_seeds_and_tells_the_cost_first(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        posted = await compared(r, f"{WEIGHTS} seed:5")

        await press(r, posted, "Again, new seeds")
        await r.settled()

        assert "*Compare 4 columns" in r.chat.whispered()[-1]
        assert len(await r.jobs()) == 1


async def test_in_the_web_chat_weights_are_compared_from_the_cost_to_a_sheet_that_opens(tmp_path: Path) -> None:
    async with web_rig(tmp_path) as r:
        await r.say(WEIGHTS)
        cost = await r.shown(lambda each: each["kind"] == "whispered")
        await r.click(cost, "Start")
        posted = await r.shown(lambda each: each["kind"] == "posted")

        (job,) = await r.jobs()
        assert "16 pictures to paint, about 42 s" in cost["text"]
        assert [picture["name"] for picture in posted["pictures"]] == [
            f"tessera-{job.id}.png",
            f"tessera-{job.id}-plot.png",
        ]
        assert set(posted["grid"]["boxes"]) == {f"{letter}{number}" for letter in "ABCD" for number in range(1, 5)}
        assert (await r.visitor.client.get(f"/cells/{job.id}/C3")).content.startswith(b"\x89PNG")
