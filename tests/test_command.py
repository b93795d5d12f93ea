"""Commands read from functions, and the text grammar: whatever is typed, the answer is a command or a sentence."""

import itertools
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.arguments import values
from bot.command import Command, command
from bot.commands import COMMANDS, GRID
from bot.errors import BadCommand
from bot.grammar import parse
from engine.contract.orders import MakeGrid

NAMES = [entry.name for entry in COMMANDS]
OPTIONS = sorted({option.name for entry in COMMANDS for option in entry.options})


def understood(text: str) -> tuple[Command, dict[str, object]]:
    found, options = parse(text, COMMANDS)
    return found, values(found, options)


def order(text: str) -> MakeGrid:
    found, arguments = understood(text)
    assert found.name == "grid"
    made = arguments["order"]
    assert isinstance(made, MakeGrid)
    return made


def sentence(text: str) -> str:
    with pytest.raises(BadCommand) as caught:
        understood(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "/grid prompt:a cat wearing neon-glasses approach:2",
        "/grid approach:2 prompt:a cat wearing neon-glasses",
        "grid a cat wearing neon-glasses approach:2",
        "/GRID Prompt: a cat wearing neon-glasses Approach: 2",
        '/grid "a cat wearing neon-glasses" approach=2',
        "/grid “a cat wearing neon-glasses” approach:2",
        "/grid approach:2 a cat wearing neon-glasses",
        "/grid approach:fine-tuned prompt:a cat wearing neon-glasses".replace("fine-tuned", "2 fine-tuned"),
        "/tessera grid a cat wearing neon-glasses approach:2",
        "<@U123> grid a cat wearing neon-glasses approach:2",
        "@tessera grid: a cat wearing neon-glasses approach:2".replace("grid:", "grid"),
        "  /grid\tprompt:a cat\n wearing neon-glasses   approach:2  ",
    ],
)
def test_the_same_order_can_be_written_in_many_ways(text: str) -> None:
    assert order(text) == MakeGrid(prompt="a cat wearing neon-glasses", approach=2)


def test_html_escapes_and_apostrophes_of_phones_are_undone() -> None:
    assert order("/grid a cat&#39;s hat &amp; a dog’s").prompt == "a cat's hat & a dog's"


@pytest.mark.parametrize(
    "prompt",
    [
        "a sign: closed today",
        "a 16:9 screen",
        "see https://example.org/x",
        'a 5" nail',
        "the cat's 'hat'",
        "E=mc2 on a board".replace("E=", "E = "),
    ],
)
def test_what_only_looks_like_an_option_stays_in_the_prompt(prompt: str) -> None:
    assert order(f"/grid {prompt} approach:2").prompt == prompt


@pytest.mark.parametrize("prompt", ["\U0001f431", "?", "\u06af\u0631\u0628\u0647"])
def test_whatever_can_be_seen_is_a_prompt(prompt: str) -> None:
    assert order(f"/grid {prompt}").prompt == prompt


def test_quotes_keep_names_of_options_as_text() -> None:
    assert order('/grid "a poster that says approach:3" approach:2').prompt == "a poster that says approach:3"
    assert order('/grid approach:2 prompt:"style: cubism"').prompt == "style: cubism"


def test_a_number_ends_at_its_first_word_so_the_rest_is_the_prompt() -> None:
    assert order("/grid seed:7 a cat").seed == 7
    assert order("/grid seed:7 a cat").prompt == "a cat"


def test_required_options_are_filled_in_their_order() -> None:
    assert understood("/cell k3x9tq2m7d C4")[1] == {"id": "k3x9tq2m7d", "cell": "C4"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/gird a cat", "Did you mean /grid?"),
        ("/grid a cat aproach:2", "Did you mean approach?"),
        ("/grid a cat colour:red", "There is no “colour”"),
        ("/grid a cat approach:9", "approach must be 1, 2 or 3, not “9”."),
        ("/grid a cat approach:nan", "approach must be 1, 2 or 3, not “nan”."),
        ("/grid a cat blocks:9", "blocks must be a whole number from 1 to 8, not “9”."),
        ("/grid a cat blocks:1_0", "blocks must be a whole number from 1 to 8, not “1_0”."),
        ("/grid a cat guidance:inf", "guidance must be a number from 0 to 30"),
        ("/grid a cat seed:99999999999999999999", "seed must be a whole number"),
        ("/grid", "prompt is missing: what to paint."),
        ("/grid prompt:\u200b", "prompt must not be empty."),
        ("/grid a cat negative:\u2066\u200b\u2069", "negative must not be empty."),
        ("/grid prompt:", "prompt has no value"),
        ("/grid prompt: approach:2", "prompt has no value"),
        ("/grid approach:1 approach:2 a cat", "approach is given twice"),
        ("/grid a cat prompt:a dog", "prompt is already given"),
        ("/grid a cat style:../../etc", "a style's name"),
        ("/grid " + "x" * 2000, "at most 1000 characters"),
        ("/queue now", "/queue takes no options"),
        ("", "Say what to do"),
        ("/", "There is no command"),
        ("/grid " + "x" * 10_000, "at most 8,000"),
    ],
)
def test_a_fault_is_told_with_what_would_be_right(text: str, words: str) -> None:
    assert words in sentence(text)


def test_options_that_come_as_a_table_are_checked_like_text() -> None:
    grid = GRID

    assert values(grid, {"prompt": "a cat", "approach": "2 fine-tuned"})["order"] == MakeGrid(
        prompt="a cat", approach=2
    )
    with pytest.raises(BadCommand, match="Did you mean prompt"):
        values(grid, {"promt": "a cat"})


LETTERS = st.text(max_size=60)
NOISE = st.one_of(
    LETTERS,
    st.sampled_from(
        [*NAMES, *OPTIONS, '"', "'", "“", "”", ":", "=", " : ", "&lt;", "&#0;", "\x00", "\ud800", "\u202e", "/"]
    ),
    st.builds(lambda name, value: f" {name}:{value}", st.sampled_from(OPTIONS), LETTERS),
    st.builds(lambda name, value: f" {name}={value}", st.text(string.ascii_lowercase, max_size=12), LETTERS),
    st.builds(lambda part, times: part * times, LETTERS, st.integers(0, 300)),
    st.floats().map(str),
    st.integers().map(str),
)
CALLS = ["/", "", "/tessera ", "@tessera ", "<@U1> "]


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(st.one_of(st.sampled_from(NAMES), LETTERS), st.lists(NOISE, max_size=8))
def test_ten_thousand_command_lines_are_commands_or_sentences(name: str, parts: list[str]) -> None:
    for call, words in itertools.product(CALLS, (parts, parts[::-1])):
        check_answer(f"{call}{name} {' '.join(words)}")


def check_answer(line: str) -> None:
    try:
        found, arguments = understood(line)
    except BadCommand as error:
        told = str(error)
        assert told[0].isupper() or told[0] in "/“" or told.split(maxsplit=1)[0].strip(":") in OPTIONS
        assert told.rstrip()[-1] in ".?!"
        assert len(told) < 1000
    else:
        assert found in COMMANDS
        assert isinstance(arguments, dict)


@pytest.mark.parametrize("entry", COMMANDS, ids=NAMES)
def test_every_command_fits_what_the_platforms_take(entry: Command) -> None:
    assert entry.name == entry.name.lower()
    assert 0 < len(entry.help) <= 100
    assert len(entry.options) <= 25
    assert all(0 < len(option.help) <= 100 and len(option.choices) <= 25 for option in entry.options)
    required = [option.required for option in entry.options]
    assert required == sorted(required, reverse=True), "Discord wants required options first"


def test_the_options_of_grid_are_the_fields_of_its_order() -> None:
    options = {option.name: option for option in GRID.options}

    assert list(options) == [name for name in MakeGrid.model_fields if name != "kind"]
    assert options["prompt"].required
    assert options["approach"].choices == (("1 pre-trained", "1"), ("2 fine-tuned", "2"), ("3 all generated", "3"))
    assert (options["seed"].low, options["seed"].high) == (0, 2**32 - 1)
    assert options["guidance"].kind == "number"
    assert options["style"].completes == "styles"


def test_a_command_without_a_docstring_is_refused() -> None:
    async def silent(asked: object) -> None:
        pass

    with pytest.raises(TypeError, match="no docstring"):
        command(silent)
