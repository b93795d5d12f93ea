"""Filler prompts: balanced, all different, none like the person's; from Gemini in all its moods, or templates."""

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.approaches import Profile
from engine.prompts import CATEGORIES, Written, category_counts, fill, gemini, likeness, templates, words
from engine.prompts.categories import shares
from engine.settings import Settings
from tests.stand_ins import gemini as stand_in
from tests.stand_ins.gemini import GeminiServer, blocked, plenty, withheld, wrote
from tests.stand_ins.loopback import Kind

CAT = "a cat wearing neon-glasses"
KEY = "right-key"


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer(KEY) as server:
        yield server


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were taken, without taking them: the clock jumps instead."""
    taken: list[float] = []
    real = time.monotonic
    monkeypatch.setattr(time, "sleep", taken.append)
    monkeypatch.setattr(time, "monotonic", lambda: real() + sum(taken))
    return taken


def settings(server: GeminiServer | None = None, **more: Any) -> Settings:
    given = {"google_api_key": KEY, "gemini_api_url": server.url} if server else {}
    return Settings(_env_file=None, **{**given, **more})  # type: ignore[call-arg]


async def write(n: int, avoid: str, rng: random.Random, settings: Settings, profile: Profile) -> Written:
    return await fill(category_counts(n, rng, profile), avoid, rng, settings, profile)


def holds(written: Written, n: int, avoid: str = CAT) -> None:
    """The promises that every writer keeps."""
    counts = Counter(category for category, _ in written.prompts)
    forms = {likeness.normal(prompt) for _, prompt in written.prompts}
    assert len(written.prompts) == n
    assert set(counts) <= set(CATEGORIES)
    assert max(counts.values()) - min(counts[category] for category in CATEGORIES) <= 1
    assert len(forms) == n
    assert not any(likeness.too_alike(prompt, avoid) for _, prompt in written.prompts)


# Offline


@pytest.mark.parametrize("n", [3, 12, 48, 192])
@pytest.mark.parametrize("profile", ["full", "embedded"])
async def test_without_a_key_the_templates_write_and_nobody_is_told_of_a_fault(n: int, profile: Profile) -> None:
    written = await write(n, "a lamp", random.Random(1), settings(), profile)

    holds(written, n, "a lamp")
    assert (written.writer, written.warnings) == ("templates", ())


async def test_the_same_generator_writes_the_same_and_another_writes_others() -> None:
    one, again, other = [await write(48, CAT, random.Random(seed), settings(), "full") for seed in (5, 5, 6)]

    assert one == again
    assert len(set(one.prompts) & set(other.prompts)) < 5


@pytest.mark.parametrize(
    "avoid",
    [
        CAT,
        "a snow leopard resting on a rock",
        "city skyline at night",
        "the surface of Mars",
        "a toaster",
        "spirals",
        "???",
        "",
    ],
)
async def test_no_template_repeats_or_paraphrases_the_persons_prompt(avoid: str) -> None:
    for seed in range(5):
        holds(await write(48, avoid, random.Random(seed), settings(), "full"), 48, avoid)


async def test_a_prompt_that_names_everything_still_gets_fillers_that_are_different() -> None:
    avoid = ", ".join(subject for scene in words.SCENES.values() for subject in scene.subjects)

    written = await write(192, avoid, random.Random(1), settings(), "full")

    assert len({likeness.normal(prompt) for _, prompt in written.prompts}) == 192


def test_a_subject_comes_again_only_when_all_of_its_category_have_come() -> None:
    written = templates.write(shares(48, random.Random(1)), random.Random(1), CAT)

    named = [
        subject
        for _, prompt in written
        for scene in words.SCENES.values()
        for subject in scene.subjects
        if prompt.startswith(f"{subject} ")
    ]
    assert len(named) == len(set(named)) == 48


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_alone_has_far_more_than_the_largest_grid_needs(category: str) -> None:
    written = templates.write({category: 192}, random.Random(1), CAT)

    assert len({likeness.normal(prompt) for _, prompt in written}) == 192


@given(st.integers(0, 200), st.integers(0, 2**32))
def test_shares_add_up_and_differ_by_at_most_one(n: int, seed: int) -> None:
    spread = shares(n, random.Random(seed))

    assert sum(spread.values()) == n
    assert max(spread.values()) - min(spread.values()) <= 1


# Likeness


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A CAT, wearing neon glasses!", CAT),
        ("cats with neon glasses", CAT),
        ("a fluffy cat asleep on a windowsill, oil painting", CAT),
        ("neon glasses on a cat's nose, digital art", CAT),
        ("running horses", "a horse that runs"),
        ("a photo of two trees", "tree"),
        ("a red oil painting", "oil painting, red"),
    ],
)
def test_prompts_that_say_the_same_are_alike(one: str, other: str) -> None:
    assert likeness.too_alike(one, other)
    assert likeness.too_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a glowing jellyfish in the deep, oil painting, soft light", "a cat, oil painting, soft light"),
        ("a dead tree in mist", CAT),
        ("a catalogue of stars", "a cat"),
    ],
)
def test_a_shared_manner_does_not_make_prompts_alike(one: str, other: str) -> None:
    assert not likeness.too_alike(one, other)


# Gemini


@pytest.mark.parametrize("n", [7, 48, 192])
async def test_gemini_writes_all_prompts_with_one_request(server: GeminiServer, n: int) -> None:
    written = await write(n, CAT, random.Random(1), settings(server), "full")

    holds(written, n)
    assert (written.writer, written.warnings) == ("gemini", ())
    assert len(server.log) == 1
    assert json.dumps(CAT) in json.loads(server.log[0].body)["contents"][0]["parts"][0]["text"]


async def test_the_model_is_a_setting(server: GeminiServer) -> None:
    written = await write(7, CAT, random.Random(1), settings(server, gemini_model="gemini-9"), "full")

    assert written.writer == "templates"
    assert "has no model gemini-9 (404); check GEMINI_MODEL" in written.warnings[0]


async def test_the_embedded_profile_never_asks_gemini(server: GeminiServer) -> None:
    written = await write(7, "a lamp", random.Random(1), settings(server), "embedded")

    assert (written.writer, written.warnings, server.log) == ("templates", (), [])


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504", "cut"])
async def test_a_passing_fault_ends_in_a_retry_that_succeeds(
    server: GeminiServer, kind: Kind, waits: list[float]
) -> None:
    server.fault("POST", kind, 2)

    written = await write(48, CAT, random.Random(1), settings(server), "full")

    holds(written, 48)
    assert (written.writer, written.warnings) == ("gemini", ())
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize(
    ("kind", "cause"), [("429", "limit is used up"), ("503", "not working (503)"), ("cut", "breaks off")]
)
async def test_a_lasting_fault_ends_after_about_20_seconds_with_templates_and_the_cause(
    server: GeminiServer, kind: Kind, cause: str, waits: list[float]
) -> None:
    server.fault("POST", kind, 10_000)

    written = await write(48, CAT, random.Random(1), settings(server), "full")

    holds(written, 48)
    assert written.writer == "templates"
    assert cause in written.warnings[0]
    assert 7 <= sum(waits) <= gemini.TOTAL_S


@pytest.mark.parametrize(("kind", "cause"), [("gated", "refused the key (403)"), ("missing", "has no model")])
async def test_a_refusal_is_not_asked_again(server: GeminiServer, kind: Kind, cause: str) -> None:
    server.fault("POST", kind, 10_000)

    written = await write(7, CAT, random.Random(1), settings(server), "full")

    assert cause in written.warnings[0]
    assert len(server.log) == 1


async def test_a_silent_gemini_is_left_in_time_and_the_loop_goes_on_meanwhile(
    server: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gemini, "TOTAL_S", 0.3)
    server.fault("POST", "slow", 10_000)
    turns = 0

    task = asyncio.create_task(write(7, CAT, random.Random(1), settings(server), "full"))
    while not task.done():
        turns += 1
        await asyncio.sleep(0.01)

    assert "did not answer within" in (await task).warnings[0]
    assert turns > 10


async def test_an_unreachable_gemini_is_named_by_its_host(server: GeminiServer) -> None:
    with GeminiServer() as gone:
        address = gone.url

    written = await write(7, CAT, random.Random(1), settings(server, gemini_api_url=address), "full")

    assert f"{address.removeprefix('http://')} cannot be reached" in written.warnings[0]


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (blocked(), "it blocked the request (SAFETY)"),
        (withheld(), "it withheld its answer (SAFETY)"),
        (withheld("RECITATION"), "it withheld its answer (RECITATION)"),
        (wrote('[{"category": "animal", "pro', finish="MAX_TOKENS"), "its answer was too long"),
        (withheld("STOP"), "its answer is empty"),
        ({}, "its answer is empty"),
        (wrote("Sure! Here are your prompts."), "did not answer with the JSON"),
        (wrote({"prompts": []}), "did not answer with the JSON"),
        (wrote('[{"category": "animal"'), "did not answer with the JSON"),
    ],
)
async def test_a_blocked_or_unreadable_answer_ends_with_templates_and_the_cause(
    server: GeminiServer, answer: dict[str, Any], cause: str
) -> None:
    server.answers = [answer]

    written = await write(48, CAT, random.Random(1), settings(server), "full")

    holds(written, 48)
    assert written.writer == "templates"
    assert cause in written.warnings[0]
    assert len(server.log) == 1


async def test_what_gemini_leaves_out_or_repeats_is_topped_up_and_counted(server: GeminiServer) -> None:
    good = plenty(7)
    server.answers = [
        wrote(
            [
                {"category": "animal", "prompt": "two cats with neon glasses"},
                *good[:40],
                {"category": "animal", "prompt": good[0]["prompt"].upper() + "!"},
                {"category": "weather", "prompt": "a storm of frogs"},
                {"category": "abstract", "prompt": "x" * 400},
                {"category": "abstract", "prompt": "two\nlines of text"},
                {"category": "abstract"},
                "a string",
            ]
        )
    ]

    written = await write(49, CAT, random.Random(1), settings(server), "full")

    holds(written, 49)
    assert written.writer == "gemini"
    assert {prompt for _, prompt in written.prompts} >= {idea["prompt"] for idea in good[:40]}
    assert written.warnings[0].startswith("9 of 49 filler prompts come from the offline templates")


async def test_an_answer_of_which_nothing_is_left_counts_as_written_by_the_templates(server: GeminiServer) -> None:
    server.answers = [wrote([{"category": "animal", "prompt": CAT}])]

    written = await write(7, CAT, random.Random(1), settings(server), "full")

    holds(written, 7)
    assert written.writer == "templates"


@pytest.mark.parametrize("kind", ["gated", "503", None])
async def test_the_key_is_neither_told_nor_logged(
    server: GeminiServer, kind: Kind | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    if kind:
        server.fault("POST", kind, 10_000)
    key = "another-key-1234" if kind is None else KEY

    written = await write(7, CAT, random.Random(1), settings(server, google_api_key=key), "full")

    assert key not in written.warnings[0]
    assert key not in caplog.text
    assert "check GOOGLE_API_KEY" in written.warnings[0] or kind == "503"


def test_the_stand_in_speaks_of_the_same_categories() -> None:
    assert stand_in.CATEGORIES == CATEGORIES == tuple(words.SCENES)
