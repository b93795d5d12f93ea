"""Commands, buttons and forms through the core: who may see and do what, and what people read."""

import asyncio
import io
import json
import re
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions import ACTIONS
from bot.arguments import values
from bot.chat import Message, Person, Place
from bot.commands import COMMANDS
from bot.grammar import parse
from bot.preferences import Preferences
from bot.texts import NO_GRID, NOT_YOURS
from engine.contract.events import JobFailed
from engine.contract.grid import AHEAD, repeated
from tests.bot_rig import Rig, rig
from tests.fake_engine import picture_of
from tests.fake_talk import ANNA, BERT, CARA, LOBBY, MODERATOR, heard

ELSEWHERE = Place("another guild", "lobby")
PRIVATE = Place(None, "dm", private=True)
SCOPES = {"me": "person", "server": "server"}


async def grid(r: Rig, words: str = "a cat blocks:1", person: Person = ANNA, place: Place = LOBBY) -> str:
    await r.hear(person, f"/grid {words}", place=place)
    await r.settled()
    return (await r.jobs())[-1].id


async def told(r: Rig, person: Person, text: str, place: Place = LOBBY) -> Message:
    """What a command whispers."""
    before = len(r.chat.whispers)
    await r.hear(person, text, place=place)
    await r.settled()
    (answer,) = r.chat.whispers[before:]
    assert answer[0] == person.id
    return answer[1]


EXAMPLES = {
    "grid": "/grid a cat blocks:1",
    "compare": "/compare a cat weights:0,0.5,1 styles:sketch",
    "show": "/show {id}",
    "cell": "/cell {id} A1",
    "history": "/history cat",
    "queue": "/queue",
    "cancel": "/cancel {id}",
    "status": "/status",
    "styles": "/styles sketch",
    "finetune": "/finetune name:ink",
    "settings": "/settings approach:2",
    "mydata": "/mydata export",
    "help": "/help grid",
}


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
async def test_every_command_is_answered_and_its_row_is_closed(tmp_path: Path, name: str) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        private = next(entry.private for entry in COMMANDS if entry.name == name)
        whispers, posts = len(r.chat.whispers), len(r.chat.posts())

        await r.hear(MODERATOR if name in {"status", "finetune"} else ANNA, EXAMPLES[name].format(id=job))
        await r.settled()

        assert r.chat.acknowledged[-1][1] is private
        assert len(r.chat.whispers) - whispers == (1 if private else 0)
        assert len(r.chat.posts()) - posts == (0 if private else 1)
        assert not any("went wrong in the bot" in text for text in r.chat.whispered())


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS if entry.moderators])
async def test_commands_for_moderators_are_refused_to_others(tmp_path: Path, name: str) -> None:
    async with rig(tmp_path) as r:
        assert (await told(r, ANNA, EXAMPLES[name])).text == "Only moderators may use this command."


async def test_a_moderator_can_be_named_in_the_settings(tmp_path: Path) -> None:
    async with rig(tmp_path, moderators=("fake:anna",)) as r:
        assert "Engine: embedded" in (await told(r, ANNA, "/status")).text


async def test_finetune_names_what_is_wrong_with_an_option(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        assert "epochs must be a whole number" in (await told(r, MODERATOR, "/finetune name:sketch epochs:0")).text


@pytest.mark.parametrize(
    ("asked_in", "person", "shown_in", "seen"),
    [
        (LOBBY, ANNA, ELSEWHERE, True),
        (LOBBY, BERT, LOBBY, True),
        (LOBBY, BERT, ELSEWHERE, False),
        (LOBBY, MODERATOR, ELSEWHERE, False),
        (PRIVATE, ANNA, LOBBY, True),
        (PRIVATE, BERT, LOBBY, False),
        (PRIVATE, MODERATOR, LOBBY, False),
        (PRIVATE, BERT, PRIVATE, False),
    ],
)
@pytest.mark.parametrize("how", ["show", "cell", "again", "recipe", "edit", "approach"])
async def test_a_grid_is_shown_to_its_owner_and_where_it_was_posted(
    tmp_path: Path, asked_in: Place, person: Person, shown_in: Place, seen: bool, how: str
) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, place=asked_in)

        if how == "show":
            await r.hear(person, f"/show {job}", place=shown_in)
        else:
            more = {"cell": ":A1", "approach": ":3"}.get(how, "")
            await r.press(person, f"{how}:{job}{more}", place=shown_in)
        await r.settled()

        assert any(f"no grid “{job}” that you may see" in text for text in r.chat.whispered()) is not seen
        assert NOT_YOURS not in r.chat.whispered()


@pytest.mark.parametrize("press", ["cancel:{}", "again:{}:same"])
async def test_buttons_of_somebody_elses_grid_without_a_sheet_do_not_say_that_there_is_no_grid(
    tmp_path: Path, press: str
) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        await r.hear(ANNA, "/grid a cat")
        await r.engine.reached.wait()
        (job,) = await r.jobs()
        await r.press(BERT, press.format(job.id))
        await r.press(CARA, press.format(job.id), place=ELSEWHERE)
        await r.until("SELECT COUNT(*) = 0 FROM received WHERE body IS NOT NULL")

        assert sorted(r.chat.whispered()) == sorted([NOT_YOURS, NO_GRID.format(job=f"“{job.id}”")])


@pytest.mark.parametrize("text", ["/grid a cat", "/compare a cat weights:0,1"])
async def test_what_is_not_painted_yet_is_not_said_to_have_been_removed(tmp_path: Path, text: str) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=3)
        await r.hear(ANNA, text)
        await r.idle()
        if r.chat.whispers:
            r.engine.reached.clear()
            await r.press(ANNA, r.chat.whispers[-1][1].buttons[0].press)
        await r.engine.reached.wait()
        (job,) = await r.jobs()
        await r.hear(ANNA, f"/cell {job.id} B2")
        await r.hear(ANNA, f"/show {job.id}")
        await r.hear(ANNA, "/history")
        await r.idle()

        assert f"`{job.id}` is being painted; it has no picture B2." in r.chat.whispered()
        assert any(text.endswith(" · being painted") for text in r.chat.whispered())
        assert [post.message.text.splitlines()[-1] for post in r.chat.posts()] == [
            "It is being painted; there is no sheet yet."
        ]


@pytest.mark.parametrize(
    ("text", "button"), [("/grid a cat", "Run it again"), ("/compare a cat weights:0,1", "Compare again")]
)
@pytest.mark.parametrize("sentence", ["Nothing more will be painted.", "The painter was lost."])
async def test_what_ended_before_there_was_a_picture_is_shown_with_how_it_ended(
    tmp_path: Path, text: str, button: str, sentence: str
) -> None:
    async with rig(tmp_path) as r:
        cancelled = "more" in sentence
        if cancelled:
            r.engine.hold(after=2)
        else:
            r.engine.failing["a cat"] = JobFailed(reason="painting_failed", detail=sentence)
        await r.hear(ANNA, text)
        await r.idle()
        if r.chat.whispers:
            r.engine.reached.clear()
            await r.press(ANNA, r.chat.whispers[-1][1].buttons[0].press)
        if cancelled:
            await r.engine.reached.wait()
            await r.hear(ANNA, "/cancel")
        await r.settled()
        await r.hear(ANNA, f"/show {(await r.jobs())[0].id}")
        await r.settled()

        (shown,) = r.chat.posts()
        assert sentence in shown.message.text
        assert [each.label for each in shown.message.buttons] == [button]


async def test_a_private_grid_that_its_owner_shows_can_be_shown_again_by_others_there(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, place=PRIVATE)
        await r.hear(ANNA, f"/show {job}")
        await r.settled()

        await r.hear(BERT, f"/show {job}")
        await r.settled()

        assert len(r.chat.posts("lobby")) == 2


async def test_a_shown_grid_is_posted_once_even_if_the_bot_is_killed(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        r.chat.lost_answers["post"] = 1
        await r.hear(ANNA, f"/show {job}")
        await r.settled()

        assert len(r.chat.posts()) == 2


async def test_a_core_picture_is_for_its_owner(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, place=PRIVATE)

        assert await r.app.picture(ANNA, job, "A1") == picture_of(job, "A1")
        assert await r.app.picture(BERT, job, "A1") is None
        assert await r.app.picture(MODERATOR, job, "A1") is None
        assert await r.app.picture(ANNA, job, "../A1") is None
        assert await r.app.picture(ANNA, "0000000000", "A1") is None


async def test_the_history_is_ones_own_paged_with_thumbnails(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for number in range(7):
            await grid(r, f"cat {number} blocks:1")
        await grid(r, "a dog blocks:1", BERT)

        first = await told(r, ANNA, "/history")
        await r.press(ANNA, first.buttons[-1].press)
        await r.settled()
        second = r.chat.whispers[-1][1]

        assert [f"cat {n}" in first.text for n in range(7)] == [False, False, True, True, True, True, True]
        assert "a dog" not in first.text + second.text
        assert len(first.pictures) == 5
        assert "cat 0" in second.text
        assert second.buttons[0].label == "Newer"
        assert first.menu is not None
        await r.press(ANNA, f"{first.menu.press}:{first.menu.choices[0][1]}")
        await r.settled()
        assert r.chat.whispers[-1][1].pictures[0].name.startswith("tessera-")


async def test_a_search_with_pages_keeps_its_words(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for number in range(6):
            await grid(r, f"red: cat {number} blocks:1")
            await grid(r, f"blue dog {number} blocks:1")

        first = await told(r, ANNA, "/history red: ca")
        await r.press(ANNA, first.buttons[-1].press)
        await r.settled()

        assert "blue" not in first.text
        assert "cat 0" in r.chat.whispers[-1][1].text


async def test_the_same_seed_with_another_approach_keeps_the_seed(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, "a cat blocks:1 steps:50 negative:blur seed:11")
        await r.press(ANNA, f"approach:{job}:3")
        await r.settled()

        order = (await r.jobs())[-1].order
        assert (order.approach, order.seed, order.steps, order.negative) == (3, 11, None, "blur")


async def recipe(r: Rig, **options: str) -> str:
    """The recipe of a grid whose options came one by one, as Discord's do."""
    await r.app.hear(replace(heard(r.chat, ANNA, "grid"), options={"blocks": "1", **options}))
    await r.settled()
    await r.press(ANNA, f"recipe:{(await r.jobs())[-1].id}")
    await r.settled()
    return r.chat.whispered()[-1]


@pytest.mark.parametrize(
    "prompt",
    [
        "a cat",
        '"stop" sign on a wall',
        "'tis the season",
        'a sign that says "seed:5" in red',
        "it's a seed:5",
        '"quoted"',
        "a “neon” cat that’s ‘nice’",
        "steps: 4 of them",
    ],
)
async def test_the_command_of_a_recipe_is_read_as_the_very_same_order(tmp_path: Path, prompt: str) -> None:
    async with rig(tmp_path) as r:
        command = (await recipe(r, prompt=prompt, negative='"dog', details="weight: light")).splitlines()[0]

        (job,) = await r.jobs()
        plan = await r.app.parts.jobs.plan(job)
        assert plan is not None
        read = values(*parse(command.strip("`"), COMMANDS))["order"]
        assert read == job.order.model_copy(update={"seed": plan.seed})


async def test_a_recipe_says_of_words_that_no_quotes_protect_that_they_cannot_be_pasted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        text = await recipe(r, prompt="a `neon` cat", seed="7")

        assert text.startswith("Its words cannot be pasted")
        assert "/grid" not in text
        assert "`approach:1 blocks:1 seed:7`" in text


async def test_the_seed_of_a_recipe_stands_before_words_that_a_platform_cuts(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        text = await recipe(r, prompt="a cat " * 150, negative="no dog " * 130, seed="7")

        assert text.startswith("`/grid approach:1 blocks:1 seed:7 prompt:a cat")


@pytest.mark.parametrize(
    "press", ["approach:{id}:9", "nonsense:{id}", "cell:{id}:Z99", "cell:{id}:page-1", "again:", "show:grid:{id}x"]
)
async def test_a_press_that_nobody_made_is_answered_with_a_sentence(tmp_path: Path, press: str) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        await r.press(ANNA, press.format(id=job))
        await r.settled()

        assert len(await r.jobs()) == 1
        assert r.chat.whispers
        assert not any("went wrong in the bot" in text for text in r.chat.whispered())


async def test_a_form_is_asked_without_another_acknowledgement_and_makes_a_grid(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, "a cat blocks:1 seed:3")
        acknowledged = len(r.chat.acknowledged)
        await r.press(ANNA, f"edit:{job}")
        await r.settled()
        form = r.chat.forms[-1][1]
        only_asked = len(r.chat.acknowledged) == acknowledged

        filled = {entry.name: entry.value for entry in form.fields} | {"prompt": "a dog", "approach": "3"}
        await r.press(ANNA, form.press, values=filled)
        await r.settled()

        order = (await r.jobs())[-1].order
        assert only_asked
        assert len(form.fields) <= 5
        assert (order.prompt, order.approach, order.seed, order.blocks) == ("a dog", 3, 3, 1)


async def test_a_form_filled_in_wrongly_is_told_so(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.press(ANNA, "new:grid", values={"prompt": "a cat", "approach": "seven"})
        await r.settled()

        assert r.chat.whispered()[-1] == "approach must be 1, 2 or 3, not “seven”."


async def test_a_grid_is_deleted_by_its_owner_after_one_question(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        await r.press(BERT, f"delete:{job}")
        await r.press(ANNA, f"delete:{job}")
        await r.settled()
        kept = len(r.chat.posts())
        asked = r.chat.whispers[-1][1]

        await r.press(ANNA, asked.buttons[0].press)
        await r.settled()

        (row,) = await r.jobs()
        assert "Only the person who asked" in r.chat.whispered()[0]
        assert kept == 1
        assert r.chat.posts() == []
        assert (row.state, row.prompt, row.work) == ("deleted", None, None)
        assert not list(r.settings.pictures_dir.iterdir())


async def test_a_moderator_may_delete_what_was_posted_in_their_server(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        await r.press(MODERATOR, f"delete:{job}:yes")
        await r.settled()

        assert r.chat.posts() == []


@pytest.mark.parametrize(
    ("made_in", "person", "pressed_in"),
    [(LOBBY, MODERATOR, ELSEWHERE), (PRIVATE, MODERATOR, LOBBY), (LOBBY, MODERATOR, PRIVATE), (LOBBY, BERT, LOBBY)],
)
async def test_nobody_else_deletes_a_grid_nor_a_moderator_one_that_was_made_elsewhere_and_is_shown_there(
    tmp_path: Path, made_in: Place, person: Person, pressed_in: Place
) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, place=made_in)
        await r.hear(ANNA, f"/show {job}", place=pressed_in)
        await r.settled()
        await r.press(person, f"delete:{job}:yes", place=pressed_in)
        await r.settled()

        assert [row.state for row in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == 2


async def test_own_settings_are_used_where_nothing_is_said(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await told(r, ANNA, "/settings approach:3 blocks:2")
        await grid(r, "a cat")
        await grid(r, "a cat approach:1 blocks:1")

        assert [(job.order.approach, job.order.blocks) for job in await r.jobs()] == [(3, 2), (1, 1)]


async def test_a_form_that_leaves_the_approach_open_takes_the_preferred_one(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await told(r, ANNA, "/settings approach:3 blocks:2")
        for approach in ("", "1"):
            await r.press(ANNA, "new:grid", values={"prompt": "a cat", "approach": approach})
            await r.settled()

        assert [(job.order.approach, job.order.blocks) for job in await r.jobs()] == [(3, 2), (1, 2)]


async def test_a_servers_rules_hold_there_and_nowhere_else(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, "/settings scope:server words:gore, kitt* channels:<#lobby> blocks:1")

        refused = await told(r, ANNA, "/grid many KITTENS")
        spaced = await told(r, ANNA, "/grid some go-re; g.o.r.e, gore!")
        wrong_place = await told(r, ANNA, "/grid a cat", Place("guild", "other"))
        await grid(r, "a kit")
        await grid(r, "kittens blocks:1", place=ELSEWHERE)

        assert "does not allow" in refused.text
        assert "KITTENS" not in refused.text
        assert "does not allow" in spaced.text
        assert "cannot be made in this channel" in wrong_place.text
        assert [job.order.blocks for job in await r.jobs()] == [1, 1]


@pytest.mark.parametrize("rule", ["words:none", "channels:all", "waiting:0", "retention_days:0", "approach:0"])
async def test_a_rule_that_is_taken_back_is_not_set_and_the_others_stay(tmp_path: Path, rule: str) -> None:
    async with rig(tmp_path) as r:
        rules = "words:gore channels:<#lobby> waiting:3 pictures_per_hour:100 retention_days:7 approach:2 blocks:2"
        await told(r, MODERATOR, f"/settings scope:server {rules}")
        await told(r, MODERATOR, "/settings approach:3")
        before = await r.app.parts.preferences.of_server("fake:guild")
        name, _, _ = rule.partition(":")

        said = await told(r, MODERATOR, f"/settings scope:server {rule}")

        assert f"`{name}` not set" in said.text
        assert getattr(before, name)
        assert await r.app.parts.preferences.of_server("fake:guild") == before.model_copy(update={name: None})
        assert "`approach` 3" in (await told(r, MODERATOR, "/settings")).text


@pytest.mark.parametrize(
    ("entry", "prompt"), [("gore", "gorenje and agore"), ("kitt*", "skittles"), ("*ore", "oregano")]
)
async def test_a_word_that_only_holds_an_entry_is_allowed(tmp_path: Path, entry: str, prompt: str) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, f"/settings scope:server words:{entry}")

        await grid(r, f"a cat with {prompt} blocks:1")


@pytest.mark.parametrize(
    ("entry", "prompt"),
    [
        ("caf\u00e9", "cafe\u0301"),
        ("cafe\u0301", "CAF\u00c9"),
        ("gore", "go\u200bre"),
        ("go\u00adre", "gore"),
        ("gore", "\uff47\uff4f\uff52\uff45"),
        ("血", "血だらけの猫"),
        ("เลือด", "แมวเลือดออก"),
    ],
)
async def test_a_word_is_not_allowed_in_any_spelling_or_script(tmp_path: Path, entry: str, prompt: str) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, f"/settings scope:server words:{entry}")

        assert "does not allow" in (await told(r, ANNA, f"/grid a {prompt} on a hill")).text


@pytest.mark.parametrize(
    ("entry", "text"),
    [("*".join("aaaaaa") + "*b", "a" * 100), ("*".join("猫猫猫猫猫猫") + "*犬", "犬" + "猫" * 100)],
    ids=["letters", "a script without spaces"],
)
def test_an_entry_full_of_stars_is_looked_for_in_a_moment(entry: str, text: str) -> None:
    began = time.process_time()

    found = Preferences(words=(entry,)).forbidden(text)

    assert (found, time.process_time() - began < 0.5) == (None, True)


async def test_a_word_of_which_nothing_is_seen_does_not_forbid_everything(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, "/settings scope:server words:\u200b,gore,*")
        await grid(r)

        assert (await r.app.parts.preferences.of_server("fake:guild")).words == ("gore",)


async def test_a_list_of_words_that_is_pasted_as_it_was_shown_forbids_the_same(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        shown = await told(r, MODERATOR, "/settings scope:server words:gore, kitt*")
        line = next(line for line in shown.text.splitlines() if line.startswith("`words` "))
        await told(r, MODERATOR, f"/settings scope:server words:{line.removeprefix('`words` ')}, blood")

        assert (await r.app.parts.preferences.of_server("fake:guild")).words == ("gore", "kitt*", "blood")


@pytest.mark.parametrize("typed", ["\U0001f3a8", "#my lobby", "<#lobby> or so", "#art, <#lobby>", ",", "<#c1>," * 51])
async def test_channels_that_are_none_or_too_many_are_refused_and_the_rule_stays(tmp_path: Path, typed: str) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, "/settings scope:server channels:<#lobby>")

        refused = await told(r, MODERATOR, f"/settings scope:server channels:{typed}")

        assert refused.text.startswith("channels must be at most 50 channel mentions or ids")
        assert (await r.app.parts.preferences.of_server("fake:guild")).channels == ("lobby",)


async def test_channels_are_read_from_mentions_and_from_ids(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        typed = "<#123><#C12|my-art>, 815816817818819820 C0123ABCD,"
        shown = await told(r, MODERATOR, f"/settings scope:server channels:{typed}")

        assert "`channels` 123, C12, 815816817818819820, C0123ABCD" in shown.text


@pytest.mark.parametrize(("person", "scope"), [(ANNA, "me"), (MODERATOR, "server")])
async def test_the_command_that_the_settings_end_with_changes_what_they_show(
    tmp_path: Path, person: Person, scope: str
) -> None:
    async with rig(tmp_path) as r:
        shown = await told(r, person, f"/settings scope:{scope}")
        command = shown.text.splitlines()[-1].partition(": ")[2].strip("`")
        await told(r, person, command)

        assert await r.count("SELECT COUNT(*) FROM preferences WHERE scope = :scope", scope=SCOPES[scope])
        assert await r.count("SELECT COUNT(DISTINCT scope) FROM preferences") == 1


@pytest.mark.parametrize("text", ["/settings scope:server words:none", "/settings words:gore"])
async def test_others_than_moderators_cannot_change_a_server(tmp_path: Path, text: str) -> None:
    async with rig(tmp_path) as r:
        await told(r, ANNA, text)

        assert await r.count("SELECT COUNT(*) FROM preferences") == 0


async def test_a_limit_is_told_with_its_number(tmp_path: Path) -> None:
    async with rig(tmp_path, waiting_per_person=1) as r:
        r.engine.hold(after=1)
        for _ in range(2):
            await r.hear(ANNA, "/grid a cat")
            await r.engine.reached.wait()
            await r.idle()
        await r.hear(ANNA, "/grid a cat")
        await r.idle()

        assert "You have 1 grid waiting, and 1 is the limit." in r.chat.whispered()[-1]


async def test_one_is_told_as_one(tmp_path: Path) -> None:
    async with rig(tmp_path, waiting_per_server=1) as r:
        r.engine.hold(after=1)
        await r.hear(ANNA, "/grid a cat blocks:2")
        await r.engine.reached.wait()
        for person in (BERT, CARA):
            await r.hear(person, "/grid a cat")
            await r.idle()
        r.engine.go_on.set()
        await r.settled()
        await r.press(BERT, "mydata:delete")
        await r.settled()

        full, deleted = r.chat.whispered()
        assert full.startswith("This server has 1 grid waiting")
        assert deleted.startswith("Done: 1 grid with all pictures")


async def test_queue_tells_the_place_and_why(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        for person in (ANNA, ANNA, BERT):
            await r.hear(person, "/grid a cat")
            await r.idle()
        await r.hear(ANNA, "/queue")
        await r.idle()

        text = r.chat.whispered()[-1]
        assert "1 being painted, 2 waiting." in text
        assert "You are 2nd, about" in text
        assert "because you had the last turn" in text


async def test_an_empty_queue_is_one_sentence(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/queue")
        await r.idle()

        assert r.chat.whispered() == ["Nothing is being painted, and nothing is waiting."]


async def test_queue_knows_a_grid_that_is_being_posted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        posting = r.chat.stops["post"] = asyncio.Event()
        await r.hear(ANNA, "/grid a cat blocks:1")
        await posting.wait()
        (job,) = await r.jobs()
        for person in (ANNA, BERT):
            await r.hear(person, "/queue")
            await r.idle()

        head = "0 being painted, 1 being posted, 0 waiting."
        assert r.chat.whispered() == [f"{head}\nPosting `{job.id}` “a cat”", f"{head}\nNone of them is yours."]


async def test_the_export_holds_everything_and_fits_the_destination(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        jobs = [await grid(r, f"cat {n} blocks:2", place=PRIVATE) for n in range(2)]
        await grid(r, "not mine blocks:1", BERT)
        r.chat.file_bytes = 9_000
        await r.hear(ANNA, "/mydata export")
        await r.settled()

        files: dict[str, bytes] = {}
        for _, message in r.chat.whispers:
            (volume,) = message.files
            assert len(volume.data) <= 9_000
            with zipfile.ZipFile(io.BytesIO(volume.data)) as archive:
                files |= {name: archive.read(name) for name in archive.namelist()}
        assert len(r.chat.whispers) > 1
        assert set(files) == {"me.json"} | {
            f"{job}/{name}"
            for job in jobs
            for name in ["grid.json", *(f"{c}{n}.png" for c in "ABCD" for n in range(1, 5))]
        }
        assert json.loads(files[f"{jobs[0]}/grid.json"])["prompt"] == "cat 0"
        assert files[f"{jobs[0]}/A1.png"] == picture_of(jobs[0], "A1")


async def test_completions_are_the_persons_own(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        mine = await grid(r, "a red cat blocks:1")
        long = await grid(r, f"\u202e*a blue cat* {'x' * 100} blocks:1")
        await grid(r, "a red dog blocks:1", BERT)

        async def completed(command: str, option: str, typed: str) -> list[tuple[str, str]]:
            return await r.app.complete(ANNA, LOBBY, command, option, typed)

        assert await completed("grid", "prompt", "red") == [("a red cat", "a red cat")]
        assert await completed("show", "id", "RED") == [(f"{mine} · a red cat", mine)]
        assert await completed("cancel", "id", mine[:8]) == [(f"{mine} · a red cat", mine)]
        assert await completed("cell", "id", "BLUE") == [(f"{long} · ∗a blue cat∗ {'x' * 73}…", long)]
        assert [value for _, value in await completed("show", "id", "")] == [long, mine]
        assert await completed("grid", "style", "sk") == [("sketch", "sketch")]
        assert await completed("grid", "approach", "fine") == [("2 fine-tuned", "2 fine-tuned")]
        assert await completed("grid", "nothing", "") == []
        assert await completed("nothing", "nothing", "") == []
        assert await completed("grid", "prompt", "100%_") == []


async def test_home_shows_what_runs_waits_and_was_made(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        done = await grid(r)
        r.engine.hold(after=1)
        for _ in range(2):
            await r.hear(ANNA, "/grid a dog")
            await r.idle()
        await r.engine.reached.wait()

        home = await r.app.home(ANNA)

        assert home.grids == ((done, "a cat"),)
        assert len(home.lines) == 2
        assert "You are next" in home.lines[0] + home.lines[1]


async def test_a_grid_that_waits_for_an_engine_elsewhere_says_that_it_does_not_answer(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.up = False
        await r.app.parts.engine.check()
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.idle()

        assert "the engine does not answer." in r.chat.said()[0].message.text


async def test_the_metrics_count_and_name_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await grid(r, "a secret prompt blocks:1")

        text = r.app.metrics().decode()

        assert 'tessera_jobs_total{ending="delivered"} 1.0' in text
        assert 'tessera_heard_total{platform="fake"} 1.0' in text
        assert "tessera_pictures_total 4.0" in text
        assert re.search(r"^tessera_tasks \d+", text, re.MULTILINE)
        # What a process uses is told by the system, and not by each of them.
        assert "process_resident_memory_bytes" in text or sys.platform != "linux"
        assert "secret" not in text
        assert "anna" not in text


async def test_the_metrics_tell_what_is_alive_and_how_long_the_oldest_has_waited(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        for person in (ANNA, BERT, ANNA):
            await r.hear(person, "/grid a cat")
            await r.idle()
            r.now += 30

        await r.app._upkeep.count()
        text = r.app.metrics().decode()

        for line in (
            'tessera_jobs_alive{state="lent"} 1.0',
            'tessera_jobs_alive{state="waiting"} 2.0',
            'tessera_jobs_alive{state="made"} 0.0',
            "tessera_oldest_waiting_seconds 60.0",
            "tessera_engine_up 1.0",
        ):
            assert f"{line}\n" in text


async def test_prompts_cannot_format_our_sentences(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await grid(r, "*bold* `code` cat blocks:1")

        assert "*bold*" not in r.chat.posts()[0].message.text
        assert "`code`" not in r.chat.posts()[0].message.text


async def test_prompts_cannot_turn_our_sentences_around(tmp_path: Path) -> None:
    family = "\U0001f469\u200d\U0001f466"
    async with rig(tmp_path) as r:
        await grid(r, f"\u202ea\u200b cat \u2067and {family} blocks:1")

        assert r.chat.posts()[0].message.text.startswith(f"*a cat and {family}* ·")


async def test_the_log_holds_no_prompt(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="bot")
    async with rig(tmp_path) as r:
        await grid(r, "a very private wish blocks:1", place=PRIVATE)

    assert "private wish" not in caplog.text
    assert "lent" in caplog.text


async def test_whatever_is_heard_nothing_is_raised(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for text in ("", "\x00", "/", "/grid \ud800", "/grid " + "x" * 100_000, '/grid "', "🦊" * 500, "/cell a b c d"):
            await r.app.hear(heard(r.chat, ANNA, text))
        await r.settled()

        assert len(r.chat.whispers) == 8 - len(await r.jobs())
        assert all(text.strip() for text in r.chat.whispered())


def test_every_button_that_is_shown_has_an_action() -> None:
    assert {"again", "approach", "edit", "cell", "recipe", "delete", "cancel", "show", "history", "mydata"} <= set(
        ACTIONS
    )


async def test_the_very_same_grid_has_the_fillers_that_were_painted_ahead_for_the_first(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, "a cat approach:3 blocks:1")
        (row,) = await r.jobs()
        plan = await r.app.parts.jobs.plan(row)
        assert plan is not None
        ahead = tuple(
            cell.model_copy(update={} if cell.unique else {"prompt": "a fox", "seed": 99, "stocked": "filler0001"})
            for cell in plan.cells
        )
        told = f"All 3 fillers were {AHEAD}."
        first = plan.model_copy(update={"cells": ahead, "warnings": (told,)})
        sql = "UPDATE plans SET plan = :plan WHERE job = :job"
        await r.app.parts.database.write(sql, plan=first.model_dump_json(), job=row.number)

        await r.press(ANNA, f"again:{job}:same")
        await r.settled()

        second = (await r.jobs())[-1]
        again = await r.app.parts.jobs.plan(second)
        assert again == repeated(first)
        assert {cell.prompt for cell in again.cells} == {"a cat", "a fox"}
        assert {cell.stocked for cell in again.cells} == {None}
        assert again.warnings == ()
        assert second.order.seed == plan.seed
        assert second.state == "delivered"


async def test_pictures_that_were_painted_ahead_cost_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await grid(r, "a cat approach:3 blocks:1")
        (row,) = await r.jobs()
        plan = await r.app.parts.jobs.plan(row)
        assert plan is not None
        await r.app.parts.database.write("DELETE FROM plans")
        cells = tuple(cell.model_copy(update={"stocked": None if cell.unique else "x"}) for cell in plan.cells)

        await r.app.parts.jobs.planned(row, plan.model_copy(update={"cells": cells}))

        assert (row.cost, (await r.jobs())[0].cost) == (4, 1)


async def test_whoever_asks_a_hundred_things_at_once_has_ten_under_way_and_gets_all_answers(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(0)
        for _ in range(100):
            await r.hear(ANNA, "/compare a cat approaches:1,2")
        await r.hear(BERT, "/compare a dog approaches:1,2")
        # Time enough for everybody to come as far as they may.
        for _ in range(100):
            await r.count("SELECT COUNT(*) FROM received")
        asked = [known.job.work.comparison.prompt for known in r.engine.alive.values()]
        r.engine.go_on.set()
        await r.settled(60)

        assert (asked.count("a cat"), asked.count("a dog")) == (10, 1)
        assert len(r.chat.whispered()) == 101
