"""Trainings in the chat: from /finetune to an adopted style, also when the bot or the engine is killed on the way."""

import asyncio
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from bot import texts
from bot.adopted import Adopted, Scope
from bot.chat import Message, Person, Place
from bot.command import orders
from bot.commands.finetune import finetune
from bot.jobs import JobRow
from bot.styles import card_lines, line
from bot.trainings import Trainings
from engine.contract.training import Epoch, EpochEnded, StyleTrained, TrainStyle
from tests.bot_rig import Rig, rig
from tests.fake_engine import LOSSES, STEPS
from tests.fake_talk import ANNA, BERT, LOBBY, MODERATOR
from tests.gates import Gate
from tests.test_queue import bench

HERE = Place(None, "dm", private=True)
OTHER = Place("another guild", "lobby")
SERVER, OTHER_SERVER = Scope("server", "x:s"), Scope("server", "x:t")
FINETUNE = "/finetune name:ink style:Impressionism images:100"
EPOCHS = 4


async def told(r: Rig, person: Person, text: str, place: Place = LOBBY) -> Message:
    """What a command whispers."""
    await r.hear(person, text, place=place)
    await r.settled()
    return r.chat.whispers[-1][1]


async def pressed(r: Rig, person: Person, press: str, place: Place = LOBBY, **values: str) -> Message:
    """What a button whispers."""
    await r.press(person, press, place=place, values=values)
    await r.settled()
    return r.chat.whispers[-1][1]


def press_of(message: Message, label: str) -> str:
    return next(button.press for button in message.buttons if button.label == label)


async def start(r: Rig, text: str = FINETUNE) -> JobRow:
    """A moderator asks for the cost and presses Start; the job is in the line."""
    estimate = await told(r, MODERATOR, text)
    await r.press(MODERATOR, press_of(estimate, "Start"))
    await r.until("SELECT COUNT(*) FROM jobs WHERE training")
    return next(job for job in await r.jobs() if job.training)


async def until_epoch(r: Rig, count: int) -> None:
    await r.until("SELECT COUNT(*) >= :count FROM epochs", count=count)


async def test_a_training_goes_from_its_cost_to_a_style_that_somebody_elses_grid_uses(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        estimate = await told(r, MODERATOR, FINETUNE)
        assert "at most 12 steps, at most 5 min" in estimate.text
        assert "To download: about 300 MB, more if WikiArt's dataset server is away." in estimate.text
        assert "Memory for the model: about 2,000 MB." in estimate.text
        assert await r.jobs() == []

        await r.press(MODERATOR, press_of(estimate, "Start"))
        await r.settled()
        (posted,) = r.chat.posts()
        adopted = await pressed(r, MODERATOR, press_of(posted.message, "Adopt"))
        await r.hear(ANNA, "/grid a cat approach:2 blocks:1")
        await r.settled()

        training, grid = await r.jobs()
        plan = await r.app.parts.jobs.plan(grid)
        assert training.state == grid.state == "delivered"
        assert "the held-out loss stopped improving" in posted.message.text
        assert "Kept: epoch 2 of 4, held-out loss 0.3000" in posted.message.text
        assert "Licence of the pictures: public domain" in posted.message.text
        assert [picture.name for picture in posted.message.pictures] == [
            f"tessera-{training.id}-samples.png",
            f"tessera-{training.id}-loss.png",
        ]
        assert "adopted style on this server" in adopted.text
        assert grid.order.style == "ink"
        assert plan is not None
        assert plan.recipe.style == "ink"


async def test_the_message_of_a_training_shows_epoch_bar_eta_and_the_curve(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1 + 2 * (STEPS + 1) + 2)
        job = await start(r)
        await r.chat.until(lambda: any("Epoch 3, step 8 of 12" in said.message.text for said in r.chat.said()))

        (said,) = r.chat.said()
        assert said.message.text.startswith(f"*Training the style ink* · `{job.id}`\n▰")
        assert "about 9 s left" in said.message.text
        assert "Epoch 2: held-out loss 0.3000, training loss 0.6000. It is the best so far." in said.message.text
        assert [picture.name for picture in said.message.pictures] == [f"tessera-{job.id}-loss.png"]
        assert [button.label for button in said.message.buttons] == ["Cancel"]


@pytest.mark.parametrize("press", ["train:k3x9tq2m7d", "adopt:sketch", "reject:sketch", "rollback:sketch",
                                   "rename:sketch", "unstyle:sketch:yes", "retrain:k3x9tq2m7d"])  # fmt: skip
async def test_buttons_of_trainings_and_styles_are_refused_to_others_in_private(tmp_path: Path, press: str) -> None:
    async with rig(tmp_path) as r:
        answer = await pressed(r, ANNA, press, name="other")

        assert answer.text == "Only moderators may press this button."
        assert list(r.engine.cards) == ["sketch"]
        assert r.chat.messages == {}


async def test_finetune_is_refused_to_others_in_private(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        answer = await told(r, ANNA, FINETUNE)

        assert answer.text == "Only moderators may use this command."
        assert r.engine.order == []


async def test_a_chat_can_name_no_folder_of_the_host(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        assert "no “data”" in (await told(r, MODERATOR, "/finetune name:ink data:/etc")).text.replace("There is ", "")
        assert "source must be wikiart or embedded" in (await told(r, MODERATOR, "/finetune ink source:folder")).text


async def test_what_the_engine_refuses_is_said_before_anything_starts(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        answer = await told(r, MODERATOR, "/finetune name:sketch")

        assert answer.text == "There is already a style “sketch”."
        assert await r.jobs() == []


async def test_where_the_engine_is_away_the_cost_is_asked_for_later(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.up = False

        assert (await told(r, MODERATOR, FINETUNE)).text == texts.ENGINE_AWAY


async def test_start_pressed_twice_at_once_and_again_later_makes_one_training(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        press = press_of(await told(r, MODERATOR, FINETUNE), "Start")

        await asyncio.gather(r.press(MODERATOR, press), r.press(MODERATOR, press))
        await r.settled()
        r.now += 3600
        later = await pressed(r, MODERATOR, press)

        assert len(await r.jobs()) == 1
        assert "was already started" in later.text
        assert len(r.chat.posts()) == 1


async def test_only_who_was_told_the_cost_can_start_it_and_a_withdrawn_one_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path, moderators=("fake:bert",)) as r:
        estimate = await told(r, MODERATOR, FINETUNE)
        assert "it is not yours" in (await pressed(r, BERT, press_of(estimate, "Start"))).text

        assert (await pressed(r, MODERATOR, press_of(estimate, "Cancel"))).text == "Nothing was trained."

        assert "too old" in (await pressed(r, MODERATOR, press_of(estimate, "Start"))).text
        assert await r.jobs() == []


@pytest.mark.parametrize("how", ["command", "button"])
async def test_a_cancelled_training_keeps_its_best_epoch(tmp_path: Path, how: str) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1 + 2 * (STEPS + 1) + 1)
        job = await start(r)
        await until_epoch(r, 2)

        if how == "command":
            await r.hear(MODERATOR, "/cancel")
        else:
            await r.press(MODERATOR, f"cancel:{job.id}")
        await r.idle()
        r.engine.go_on.set()
        await r.settled()

        (posted,) = r.chat.posts()
        assert "The training is stopping; it keeps its best epoch" in r.chat.whispered()[-1]
        assert "It was stopped early" in posted.message.text
        assert "Kept: epoch 2 of" in posted.message.text
        assert r.engine.cards["ink"]["stopped"] == "cancelled"


async def test_a_training_cancelled_before_its_first_epoch_makes_no_style(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=2)
        job = await start(r)
        await r.engine.reached.wait()

        await r.press(MODERATOR, f"cancel:{job.id}")
        await r.settled()

        (said,) = r.chat.said()
        assert (await r.jobs())[0].state == "cancelled"
        assert "No style was made" in said.message.text
        assert "ink" not in r.engine.cards


async def test_a_bot_killed_in_the_middle_tells_the_end_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1 + 2 * (STEPS + 1))
        await start(r)
        await until_epoch(r, 2)
        await r.kill()
        r.engine.go_on.set()

        await r.start()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == len(r.chat.said()) == 1
        assert await r.count("SELECT COUNT(*) FROM epochs") == EPOCHS
        assert max(r.engine.trained_steps.values()) == STEPS


@pytest.mark.parametrize("call", ["post", "posted", "update"])
async def test_a_bot_killed_while_the_end_is_told_posts_it_once(tmp_path: Path, call: str) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, "/help")
        reached = r.chat.stops.setdefault(call, asyncio.Event())
        await start(r)
        await reached.wait()
        await r.kill()
        r.chat.stops.clear()

        await r.start()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == 1


async def test_an_engine_killed_in_the_middle_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1 + 2 * (STEPS + 1) + 1)
        await start(r)
        await until_epoch(r, 2)

        await r.engine.die()
        r.engine.go_on.set()
        await r.settled()

        first, second = r.engine.orders
        assert (first.resume, second.resume) == (False, True)
        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert r.engine.trained_steps["ink", 1] == r.engine.trained_steps["ink", 2] == STEPS
        assert len(r.chat.posts()) == 1


async def test_a_grid_does_not_wait_for_a_training_that_goes_on_after_an_engine_died(tmp_path: Path) -> None:
    async with rig(tmp_path, wave=16) as r:
        r.engine.hold(after=1 + STEPS + 1)
        await start(r)
        await until_epoch(r, 1)
        # More events than the grid has; in between the training has begun to learn again.
        r.engine.hold(after=1 + 1 + 2 * (STEPS + 1) + 1)
        await r.engine.die()
        await r.engine.reached.wait()

        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.until("SELECT COUNT(*) FROM jobs WHERE state = 'delivered' AND NOT training")

        assert [job.state for job in await r.jobs()] == ["lent", "delivered"]
        r.engine.go_on.set()
        await r.settled()
        assert [job.state for job in await r.jobs()] == ["delivered", "delivered"]


async def test_epochs_are_known_in_their_order_as_they_were_told_last(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        job, other = await b.put("A", "ink", training=True), await b.put("A", "wash", training=True)
        assert job
        assert other
        rows = Trainings(b.database)
        for training in (job, other):
            await rows.begin(training)
        for number, loss, plot in ((2, 0.5, "AAAA"), (1, 0.9, "BBBB"), (2, 0.4, None)):
            told = EpochEnded(epoch=number, train_loss=0.6, held_out_loss=loss, seconds=1.0, best=number, plot=plot)
            await rows.keep(job, told)

        assert [(epoch.epoch, epoch.held_out_loss) for epoch in await rows.epochs(job)] == [(1, 0.9), (2, 0.4)]
        assert await rows.plot(job) == b64decode("BBBB")
        assert await rows.epochs(other) == []
        assert await rows.plot(other) is None


async def test_a_saved_style_makes_its_own_job_made_and_no_other(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        trained, ended, other = [await b.put("A", name, training=True) for name in ("ink", "wash", "oil")]
        assert trained
        assert ended
        await b.database.write("UPDATE jobs SET state = 'lent', suspect = 1")
        await b.jobs.cancelled(ended.id)
        rows = Trainings(b.database)
        style = StyleTrained(
            name="ink", folder="", base="", stopped="epochs", best_epoch=1, epochs=(), plot="", card="",
        )  # fmt: skip

        for job in (trained, ended):
            await rows.begin(job)
            await rows.trained(job, style)

        found = await b.database.read("SELECT prompt, state, suspect FROM jobs")
        assert [tuple(row) for row in found] == [("ink", "made", 0), ("wash", "cancelled", 1), ("oil", "lent", 1)]
        assert await rows.result(trained) == style
        assert other
        assert await rows.result(other) is None


async def test_each_style_is_rolled_back_to_the_one_before_it_and_nothing_else_with_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        adopted = Adopted(b.database)
        await b.database.write("INSERT INTO preferences VALUES ('server', 'x:s', 'ping', 'false')")
        await adopted.adopt(OTHER_SERVER, "wash")
        for style in ("ink", "wash", "ink"):
            await adopted.adopt(SERVER, style)

        back = [await adopted.roll_back(SERVER, style) for style in ("wash", "ink", "wash")]

        assert back == ["ink", "wash", None]
        assert await adopted.style(SERVER) is None
        assert await adopted.style(OTHER_SERVER) == "wash"
        rules = await b.database.read("SELECT * FROM preferences WHERE name <> 'styles'")
        assert [tuple(row) for row in rules] == [("server", "x:s", "ping", "false")]


async def test_a_style_that_is_renamed_or_deleted_is_so_wherever_it_is_remembered_and_no_other_is(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        adopted = Adopted(b.database)
        await adopted.adopt(OTHER_SERVER, "ink")
        for style in ("oil", "ink", "wash"):
            await adopted.adopt(SERVER, style)

        await adopted.replaced("ink", "pen")
        await adopted.replaced("wash", None)

        assert await adopted.style(OTHER_SERVER) == "pen"
        assert await adopted.style(SERVER) == "pen"
        assert await adopted.roll_back(SERVER, "pen") == "oil"


@pytest.mark.parametrize(
    ("epochs", "sentence"),
    [
        (3, "It continues after epoch 3."),
        (0, "There is no checkpoint of that name to continue from, so it starts over."),
    ],
)
async def test_before_it_begins_a_training_says_what_it_goes_on_from(
    tmp_path: Path, epochs: int, sentence: str
) -> None:
    async with rig(tmp_path) as r:
        r.engine.checkpoints["ink"] = [
            Epoch(epoch=number, train_loss=0.6, held_out_loss=0.3, seconds=1.0) for number in range(1, epochs + 1)
        ]
        estimate = await told(r, MODERATOR, f"{FINETUNE} resume:true")

        assert estimate.text.endswith(sentence)


async def test_a_training_that_goes_on_from_another_ones_checkpoint_counts_its_epochs(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.checkpoints["ink"] = [
            Epoch(epoch=number, train_loss=0.6, held_out_loss=loss, seconds=1.0)
            for number, loss in enumerate(LOSSES[:3], 1)
        ]
        r.engine.hold(after=1 + 3 + 1)

        await start(r, f"{FINETUNE} resume:true")
        await r.chat.until(lambda: any("step 10 of 12" in said.message.text for said in r.chat.said()))

        (said,) = r.chat.said()
        assert "Epoch 4, step 10 of 12" in said.message.text
        assert "The best so far is epoch 2 with 0.3000." in said.message.text


async def test_a_style_that_was_saved_just_before_the_engine_died_is_not_lost(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.die_after_saving = True

        await start(r)
        await until_epoch(r, EPOCHS)
        r.engine.go_on.set()
        await r.settled()

        (posted,) = r.chat.posts()
        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert "Kept: epoch 2 of 4" in posted.message.text
        assert len(posted.message.pictures) == 2


async def test_a_cancel_while_the_engine_is_dead_is_obeyed_by_the_next_one(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1 + 2 * (STEPS + 1) + 1)
        job = await start(r)
        await until_epoch(r, 2)
        await r.engine.die(restart=False)
        await r.chat.until(lambda: any("does not answer" in said.message.text for said in r.chat.said()))

        await r.press(MODERATOR, f"cancel:{job.id}")
        await r.idle()
        r.engine.hold(after=1 + 2 + 2)
        r.engine.start_again()
        await r.app.parts.engine.check()
        await r.engine.stop_asked.wait()
        r.engine.go_on.set()
        await r.settled()

        assert r.engine.cards["ink"]["stopped"] == "cancelled"
        assert "It was stopped early" in r.chat.posts()[0].message.text


async def test_a_cancel_while_the_next_engine_is_given_a_training_is_obeyed(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1 + 2 * (STEPS + 1) + 1)
        job = await start(r)
        await until_epoch(r, 2)
        last_row = Gate(r.app.parts.trainings, "plot")
        await r.engine.die()
        await last_row.reached.wait()

        await r.press(MODERATOR, f"cancel:{job.id}")
        await r.idle()
        last_row.open()
        await r.engine.stop_asked.wait()
        r.engine.go_on.set()
        await r.settled()

        assert r.engine.cards["ink"]["stopped"] == "cancelled"


async def test_a_cancel_just_before_the_engine_has_the_training_is_repeated_at_its_first_word(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        given = Gate(r.app.parts.trainings, "stopping")
        job = await start(r)
        await given.reached.wait()

        await r.press(MODERATOR, f"cancel:{job.id}")
        await r.idle()
        given.open()
        await r.settled()

        assert (await r.jobs())[0].state == "cancelled"
        assert "ink" not in r.engine.cards


async def test_two_moderators_who_roll_back_at_once_go_back_by_one_style(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for name in ("ink", "chalk"):
            r.engine.cards[name] = {"name": name, "summary": "WikiArt"}
        for name in ("sketch", "ink", "chalk"):
            await pressed(r, MODERATOR, f"adopt:{name}")

        await asyncio.gather(
            r.press(MODERATOR, "rollback:chalk"), r.press(replace(MODERATOR, id="mona"), "rollback:chalk")
        )
        await r.settled()

        assert r.chat.whispered()[-2:] == ["`chalk` is not adopted here now. `ink` is the adopted style here."] * 2


async def test_a_failed_training_says_why_and_can_be_tried_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        press = press_of(await told(r, MODERATOR, FINETUNE), "Start")
        r.engine.cards["ink"] = {"name": "ink"}
        await r.press(MODERATOR, press)
        await r.settled()
        (said,) = r.chat.said()
        del r.engine.cards["ink"]

        again = await pressed(r, MODERATOR, press_of(said.message, "Train it again"))

        assert "There is already a style “ink”." in said.message.text
        assert (await r.jobs())[0].state == "failed"
        assert "no checkpoint of that name to continue from, so it starts over" in again.text


async def test_grids_go_before_a_training_and_beside_it(tmp_path: Path) -> None:
    async with rig(tmp_path, wave=16) as r:
        r.engine.hold(after=2)
        training = await start(r)
        await r.engine.reached.wait()

        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.until("SELECT COUNT(*) = 2 FROM jobs WHERE state = 'lent'")
        r.engine.go_on.set()
        await r.settled()

        assert r.engine.order[-2:] == [training.id, (await r.jobs())[1].id]
        assert {job.state for job in await r.jobs()} == {"delivered"}


async def test_styles_lists_marks_shows_and_rolls_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["ink"] = {"name": "ink", "summary": "WikiArt", "files": ["samples.png"]}
        await pressed(r, MODERATOR, "adopt:sketch")
        await pressed(r, MODERATOR, "adopt:ink")

        listed = await told(r, ANNA, "/styles")
        card = await told(r, MODERATOR, "/styles ink")
        shown = await told(r, ANNA, "/styles ink")
        back = await pressed(r, MODERATOR, press_of(card, "Roll back"))
        twice = await pressed(r, MODERATOR, press_of(card, "Roll back"))

        assert "`ink` · *adopted here* · WikiArt" in listed.text
        assert "`sketch` · pencil" in listed.text
        assert listed.menu is not None
        assert [picture.name for picture in card.pictures] == ["tessera-ink-samples.png"]
        assert shown.buttons == ()
        assert back.text == twice.text == "`ink` is not adopted here now. `sketch` is the adopted style here."
        assert "*adopted here*" in (await told(r, ANNA, "/styles")).text.splitlines()[1]


@pytest.mark.parametrize(
    "row",
    [
        {"weight": 1, "likeness": "high", "match": 0.3},
        {"weight": 1, "match": 0.3},
        {"weight": 1, "likeness": 10**400, "match": 0.3},
        {"weight": [1], "likeness": 0.3, "match": 0.3},
    ],
)
async def test_a_card_of_odd_shape_is_shown_without_its_scores(tmp_path: Path, row: dict[str, object]) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["ink"] = {"name": "ink", "summary": "WikiArt", "scores": {"by_weight": [row]}}

        listed = await told(r, ANNA, "/styles")
        card = await told(r, ANNA, "/styles ink")

        assert "`ink` · WikiArt" in listed.text
        assert "Learned from: WikiArt" in card.text
        assert "How well the samples match" not in card.text


CARD = {
    "name": "ink",
    "summary": "WikiArt, 100 pictures",
    "base": "sd-turbo",
    "words": "in ink",
    "data": {"origin": "WikiArt, Impressionism", "licence": "public domain", "images": 100},
    "recipe": {"rank": 8, "alpha": 16.0, "lr": 1e-4, "seed": 7, "batch": 1},
    "best_epoch": 2,
    "epochs": [
        {"epoch": n, "train_loss": 0.6, "held_out_loss": loss, "seconds": 1.0} for n, loss in ((1, 0.5), (2, 0.3))
    ],
    "scores": {
        "judge": "embedded",
        "by_weight": [{"weight": w, "match": 0.3, "likeness": 0.5 + w / 5} for w in (0, 1)],
    },
    "warnings": ["Two captions were cut off."],
}


def test_a_card_is_told_with_all_that_is_known_of_its_style() -> None:
    told = card_lines(CARD)

    assert told == [
        "Learned from: WikiArt, Impressionism, 100 pictures.",
        "Licence of the pictures: public domain",
        "Base sd-turbo; rank 8, alpha 16, learning rate 0.0001, seed 7.",
        "Kept epoch 2 of 2, held-out loss 0.3000.",
        (
            "How well the samples match their prompts and the training pictures (cosine, judge embedded):"
            " 0.300 and 0.500 at weight 0; 0.300 and 0.700 at weight 1."
        ),
        "Words added to a prompt: “in ink”",
        "Two captions were cut off.",
    ]
    assert card_lines(CARD, training=False) == [line for line in told if not line.startswith("Kept")]


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({}, []),
        ({"base": 5, "data": 7, "recipe": [], "epochs": 3, "warnings": "none"}, []),
        ({"summary": "imported, rank 4", "base": "sd-turbo"}, ["Learned from: imported, rank 4.", "Base sd-turbo."]),
        ({"recipe": {"rank": 4}}, ["Rank 4."]),
    ],
)
def test_of_a_card_that_knows_little_only_that_is_told(card: dict[str, object], told: list[str]) -> None:
    assert card_lines({"name": "ink", **card}) == told


@pytest.mark.parametrize(
    ("adopted", "more", "mark"),
    [
        ("ink", {}, " · *adopted here*"),
        ("wash", {"shipped": True}, ""),
        (None, {"shipped": True}, " · *used while none is adopted*"),
        (None, {}, ""),
    ],
)
def test_a_style_is_listed_with_its_likeness_at_full_weight_and_marked_where_it_is_worn(
    adopted: str | None, more: dict[str, bool], mark: str
) -> None:
    assert line({**CARD, **more}, adopted) == f"`ink`{mark} · WikiArt, 100 pictures · likeness to its pictures 0.700"


async def test_a_style_that_came_with_the_model_is_worn_while_none_is_adopted_and_stays_as_it_is(
    tmp_path: Path,
) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["pencil"] = {"name": "pencil", "summary": "drawings", "shipped": True}

        listed = await told(r, ANNA, "/styles")
        card = await told(r, MODERATOR, "/styles pencil")
        await pressed(r, MODERATOR, "adopt:sketch")
        after = await told(r, ANNA, "/styles")
        other = await told(r, MODERATOR, "/styles pencil")

        assert "`pencil` · *used while none is adopted* · drawings" in listed.text
        assert "*pencil* · used while none is adopted" in card.text
        assert card.text.endswith("`/grid prompt:… approach:2`")
        assert [button.label for button in card.buttons] == ["Adopt"]
        assert "used while" not in after.text + other.text
        assert other.text.endswith("`/grid prompt:… approach:2 style:pencil`")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("approach:2 style:sketsh", "There is no “sketsh”. Did you mean sketch?"),
        ("approach:1 style:sketch", "Approach 1 paints without styles; use approach:2 for “sketch”."),
    ],
)
async def test_a_style_that_cannot_be_worn_is_refused_at_once(tmp_path: Path, options: str, says: str) -> None:
    async with rig(tmp_path) as r:
        assert (await told(r, ANNA, f"/grid a cat {options}")).text == says
        assert await r.jobs() == []


async def test_a_grid_keeps_the_style_that_it_wore_whatever_is_adopted_since(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["pencil"] = {"name": "pencil", "shipped": True}
        await r.hear(MODERATOR, "/grid a cat approach:2 blocks:1")
        await r.settled()
        job = (await r.jobs())[0]
        await pressed(r, MODERATOR, "adopt:sketch")
        await r.press(MODERATOR, f"again:{job.id}")
        await r.settled()
        recipe = await pressed(r, MODERATOR, f"recipe:{job.id}")

        assert [again.order.style for again in await r.jobs()] == ["pencil", "pencil"]
        assert "style:pencil" in recipe.text
        assert "style pencil" in r.chat.said()[0].message.text


async def test_a_styled_grid_is_edited_to_an_approach_that_wears_none(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(MODERATOR, "/grid a cat approach:2 blocks:1 style:sketch weight:0.5")
        await r.settled()
        job = (await r.jobs())[0]
        await r.press(MODERATOR, f"edit:{job.id}", values={"prompt": "a dog", "approach": "1"})
        await r.press(MODERATOR, f"edit:{job.id}", values={"prompt": "a dog", "approach": "2"})
        await r.settled()

        assert [(edited.order.approach, edited.order.style) for edited in await r.jobs()] == [
            *((2, "sketch"), (1, None), (2, "sketch")),
        ]


async def test_who_rolls_back_the_last_style_is_told_what_is_worn_now(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["pencil"] = {"name": "pencil", "shipped": True}
        await pressed(r, MODERATOR, "adopt:sketch")
        question = await pressed(r, MODERATOR, "unstyle:sketch")
        back = await pressed(r, MODERATOR, "rollback:sketch")

        assert "It is the adopted style here." in question.text
        assert back.text.endswith("approach 2 uses `pencil`, which comes with the model.")


async def test_a_style_is_each_servers_own_and_in_a_direct_message_the_persons(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["other"] = {"name": "other"}
        await pressed(r, MODERATOR, "adopt:sketch")

        for place in (LOBBY, OTHER, HERE):
            await r.hear(MODERATOR, "/grid a cat approach:2 blocks:1", place=place)
        await r.hear(MODERATOR, "/grid a cat approach:1 blocks:1")
        await r.hear(MODERATOR, "/grid a cat approach:2 blocks:1 style:other weight:0.5")
        await r.settled()

        assert [job.order.style for job in await r.jobs()] == ["sketch", None, None, None, "other"]
        assert "in your direct messages" in (await pressed(r, MODERATOR, "adopt:sketch", place=HERE)).text


async def test_a_card_that_had_to_be_shown_in_direct_messages_is_about_the_server_it_was_asked_in(
    tmp_path: Path,
) -> None:
    async with rig(tmp_path) as r:
        await pressed(r, MODERATOR, "adopt:sketch")
        card = await told(r, MODERATOR, "/styles sketch")

        renamed = await pressed(r, MODERATOR, press_of(card, "Rename"), place=HERE, name="pencil")
        back = await pressed(r, MODERATOR, "rollback:pencil:fake:guild", place=HERE)
        adopted = await pressed(r, MODERATOR, "adopt:pencil:fake:guild", place=HERE)
        question = await pressed(r, MODERATOR, "unstyle:pencil:fake:guild", place=HERE)
        gone = await pressed(r, MODERATOR, press_of(question, "Delete it"), place=HERE)

        assert press_of(card, "Roll back") == "rollback:sketch:fake:guild"
        assert "`sketch` is now `pencil`" in renamed.text
        assert "`pencil` is not adopted here now" in back.text
        assert "on this server" in adopted.text
        assert "is deleted" in gone.text


async def test_a_press_in_a_server_is_about_that_server_whatever_it_says(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await pressed(r, MODERATOR, "adopt:sketch:fake:guild", place=OTHER)
        await pressed(r, MODERATOR, "adopt:sketch:slack:guild", place=HERE)

        assert "adopted here" not in (await told(r, ANNA, "/styles")).text


async def test_a_renamed_style_stays_adopted_and_a_deleted_one_is_asked_for_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await pressed(r, MODERATOR, "adopt:sketch")

        await r.press(MODERATOR, "rename:sketch")
        await r.settled()
        assert r.chat.forms[-1][1].fields[0].value == "sketch"
        await pressed(r, MODERATOR, "rename:sketch", name="pencil")
        assert "*adopted here*" in (await told(r, ANNA, "/styles")).text

        question = await pressed(r, MODERATOR, "unstyle:pencil")
        assert list(r.engine.cards) == ["pencil"]
        await pressed(r, MODERATOR, press_of(question, "Delete it"))

        assert r.engine.cards == {}
        assert "There is no style yet" in (await told(r, ANNA, "/styles")).text
        assert "There is no “pencil”" in (await pressed(r, MODERATOR, "adopt:pencil")).text


async def test_a_style_renamed_or_deleted_with_the_answer_lost_is_told_as_it_is(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await pressed(r, MODERATOR, "adopt:sketch")

        r.engine.lost_answers = 1
        renamed = await pressed(r, MODERATOR, "rename:sketch", name="chalk")
        listed = await told(r, ANNA, "/styles")
        r.engine.lost_answers = 1
        deleted = await pressed(r, MODERATOR, press_of(await pressed(r, MODERATOR, "unstyle:chalk"), "Delete it"))

        assert renamed.text.startswith("`sketch` is now `chalk`.")
        assert "`chalk` · *adopted here*" in listed.text
        assert deleted.text == "The style `chalk` is deleted."
        assert "There is no style yet" in (await told(r, ANNA, "/styles")).text


async def test_a_style_that_is_not_there_is_not_renamed_to_one_that_is(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        assert "There is no “gone”" in (await pressed(r, MODERATOR, "rename:gone", name="sketch")).text


async def test_a_style_that_another_server_has_adopted_is_not_taken_away(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await pressed(r, MODERATOR, "adopt:sketch", place=OTHER)

        assert "another server" in (await pressed(r, MODERATOR, "unstyle:sketch:yes")).text
        assert "another server" in (await pressed(r, MODERATOR, "rename:sketch", name="mine")).text

        assert list(r.engine.cards) == ["sketch"]


async def test_reject_after_adopt_does_not_say_that_the_style_is_not_adopted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await pressed(r, MODERATOR, "adopt:sketch")
        answer = await pressed(r, MODERATOR, "reject:sketch")

        assert answer.text == "`sketch` is already adopted here. `/styles name:sketch` can roll back."


async def test_a_rejected_style_stays_and_can_be_deleted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        answer = await pressed(r, MODERATOR, "reject:sketch")

        assert "Its files stay" in answer.text
        assert press_of(answer, "Delete") == "unstyle:sketch:fake:guild"
        assert list(r.engine.cards) == ["sketch"]


async def test_a_grid_whose_style_was_deleted_while_it_waited_says_so(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["gone"] = {"name": "gone"}
        gate = Gate(r.app.parts.pictures, "have")
        await r.hear(ANNA, "/grid a cat approach:2 blocks:1 style:gone")
        await gate.reached.wait()
        del r.engine.cards["gone"]
        gate.open()
        await r.settled()

        (said,) = r.chat.said()
        assert "There is no style “gone” now: it may have been deleted or renamed" in said.message.text


async def test_actions_of_grids_are_refused_for_a_training(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await start(r)
        await r.settled()

        for press in ("again", "edit", "recipe", "show", "cell", "delete"):
            assert "is a training, not a grid" in (await pressed(r, MODERATOR, f"{press}:{job.id}")).text
        assert "You have no grids" in (await told(r, MODERATOR, "/history")).text


@pytest.mark.parametrize(("option", "typed", "offered"), [("style", "impr", "Impressionism"), ("name", "sk", "sketch")])
async def test_names_and_art_styles_are_completed(tmp_path: Path, option: str, typed: str, offered: str) -> None:
    async with rig(tmp_path) as r:
        command = "finetune" if option == "style" else "styles"

        assert (offered, offered) in await r.app.complete(ANNA, LOBBY, command, option, typed)


@pytest.mark.parametrize("name", ["images", "epochs", "rank", "lr"])
def test_the_bounds_in_the_chat_are_the_orders_own(name: str) -> None:
    here, there = orders(finetune)[""].model_fields[name], TrainStyle.model_fields[name]

    assert here.metadata == there.metadata


async def test_after_an_engine_died_over_a_grid_and_a_training_the_grid_goes_first(tmp_path: Path) -> None:
    async with rig(tmp_path, wave=16) as r:
        r.engine.hold(after=2)
        training = await start(r)
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.until("SELECT COUNT(*) = 2 FROM jobs WHERE state = 'lent'")
        await r.engine.reached.wait()
        grid = (await r.jobs())[1]
        while not {training.id, grid.id} <= set(r.engine.order):  # noqa: ASYNC110 - the fake engine has no event for it
            await asyncio.sleep(0)

        await r.engine.die()
        r.engine.go_on.set()
        await r.settled()

        assert [job for job in r.engine.order if job in {training.id, grid.id}][-2:] == [grid.id, training.id]
        assert {job.state for job in await r.jobs()} == {"delivered"}


async def test_an_engine_that_is_away_is_told_without_naming_a_place_on_the_host(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.up = False

        for press in ("adopt:sketch", "style:sketch", "unstyle:sketch:yes"):
            assert (await pressed(r, MODERATOR, press)).text == texts.ENGINE_AWAY


async def test_a_training_that_waits_for_another_is_told_why_and_no_time(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        first, second = [await told(r, MODERATOR, f"/finetune name:{name}") for name in ("ink", "wash")]
        r.engine.hold(2)
        await r.press(MODERATOR, press_of(first, "Start"))
        await r.engine.reached.wait()
        await r.press(MODERATOR, press_of(second, "Start"))
        await r.chat.until(lambda: len(r.chat.said()) == 2)

        waiting = r.chat.said()[1].message
        assert waiting.text.endswith("You are next: trainings start when no grid is waiting, one at a time.")
        assert waiting.eta is None


@pytest.mark.parametrize("text", [FINETUNE, "/compare a cat weights:0,1"])
async def test_cancel_beside_a_start_that_was_pressed_does_not_say_that_nothing_goes_on(
    tmp_path: Path, text: str
) -> None:
    async with rig(tmp_path) as r:
        cost = await told(r, MODERATOR, text)
        r.engine.hold(2)
        await r.press(MODERATOR, press_of(cost, "Start"))
        await r.engine.reached.wait()
        await r.press(MODERATOR, press_of(cost, "Cancel"))
        await r.idle()

        (job,) = await r.jobs()
        assert r.chat.whispered()[-1] == f"It was already started, so it continues. Cancel it with `/cancel {job.id}`."
