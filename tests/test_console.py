"""The console: a pipe in, answers and files out."""

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from adapters.console import make
from adapters.console.desk import Desk
from adapters.console.platform import ConsolePlatform
from adapters.console.talk import ConsoleTalk
from bot.chat import Button, Form, Message, Picture
from bot.chat import Field as FormField
from tests.web_core import JOB, Keeper, ScriptedCore, png, sheet_png


async def told(folder: Path, lines: Iterable[str], core: ScriptedCore | None = None, *, terminal: bool = False) -> str:
    """What the console prints for these lines."""
    out = io.StringIO()
    console = Console(file=out, soft_wrap=True, highlight=False, force_terminal=terminal, width=100)
    await ConsolePlatform(folder, lines, console).run(core or ScriptedCore())
    return out.getvalue()


def desk_at(folder: Path) -> tuple[Desk, io.StringIO]:
    out = io.StringIO()
    return Desk(folder, Console(file=out, soft_wrap=True, highlight=False)), out


def files_in(folder: Path) -> list[Path]:
    return [found for found in folder.rglob("*") if found.is_file()]


async def test_a_piped_prompt_ends_with_the_sheet_in_a_file_whose_path_is_printed(tmp_path: Path) -> None:
    printed = await told(tmp_path, ["/grid a cat\n"])

    path = tmp_path / f"{JOB}.png"
    assert path.read_bytes() == sheet_png()
    assert str(path) in printed.splitlines()
    assert "Score 0.262" in printed


async def test_the_end_waits_for_the_last_job(tmp_path: Path) -> None:
    core = ScriptedCore(gated=True)
    assert core.steps
    running = asyncio.create_task(told(tmp_path, ["/grid a cat\n", "/help\n"], core))
    for _ in range(3):
        core.steps.release()
    while len(core.heard) < 2:
        await asyncio.wait({running}, timeout=0.01)
    _, waiting = await asyncio.wait({running}, timeout=0.8)
    assert waiting == {running}

    core.steps.release()

    assert str(tmp_path / f"{JOB}.png") in await running


async def test_a_sentence_is_a_prompt_and_a_bare_name_is_its_command(tmp_path: Path) -> None:
    core = ScriptedCore()

    await told(tmp_path, ["a red cat\n", "\n", "  Help \n", "/queue\n"], core)

    assert [heard.text for heard in core.heard] == ["/grid a red cat", "/help", "/queue"]
    assert len({heard.event for heard in core.heard}) == 3
    assert all(heard.person.moderator and heard.place.private for heard in core.heard)


async def test_a_terminal_shows_a_bar_that_is_gone_at_the_end(tmp_path: Path) -> None:
    printed = await told(tmp_path, ["/grid a cat\n"], terminal=True)

    assert "━" in printed
    assert "━" not in printed.rpartition("Score")[2]


async def test_a_number_presses_the_button_that_it_stands_before_and_is_no_prompt(tmp_path: Path) -> None:
    core, out = ScriptedCore(), io.StringIO()
    desk = ConsolePlatform(tmp_path, [], Console(file=out, highlight=False))
    talk = ConsoleTalk(desk._desk)
    await talk.post(
        Message("Sheet", buttons=(Button("Again", "again:x"), Button("Recipe", "recipe:x"))), Keeper().delivery("k")
    )

    await desk._take("2", core)
    await desk._take("3", core)

    assert [pressed.press for pressed in core.pressed] == ["recipe:x"]
    assert core.heard == []
    assert "There is no choice 3; the choices are 1, 2." in out.getvalue()


async def test_a_form_takes_one_line_per_field_and_an_empty_line_keeps_the_value(tmp_path: Path) -> None:
    desk, out = desk_at(tmp_path)
    desk.ask(
        Form(
            "Edit", "edited:x", (FormField("prompt", "Prompt", "a cat", required=True), FormField("seed", "Seed", "7"))
        )
    )

    first, sent = desk.fill("a dog"), desk.fill("")

    assert (first, sent) == (None, ("edited:x", {"prompt": "a dog", "seed": "7"}))
    assert "Prompt [a cat]" in out.getvalue()
    assert desk.form is None


async def test_a_required_field_without_a_value_is_asked_for_again(tmp_path: Path) -> None:
    desk, out = desk_at(tmp_path)
    desk.ask(Form("Edit", "edited:x", (FormField("prompt", "Prompt", required=True),)))

    assert desk.fill("") is None
    assert desk.fill("a cat") == ("edited:x", {"prompt": "a cat"})
    assert out.getvalue().count("Prompt []") == 2


async def test_posting_again_with_the_same_key_prints_nothing_even_after_a_restart(tmp_path: Path) -> None:
    sheet, keeper = ScriptedCore().sheet(), Keeper()
    first, before = desk_at(tmp_path)
    posted = await ConsoleTalk(first).post(sheet, keeper.delivery("j-post"))

    second, after = desk_at(tmp_path)
    talk = ConsoleTalk(second)

    assert await talk.find_posted("j-post") == posted == await talk.post(sheet, keeper.delivery("j-post"))
    assert await talk.find_posted("k-post") is None
    assert "Score" in before.getvalue()
    assert after.getvalue() == ""


async def test_deleting_removes_the_files_and_a_second_time_nothing(tmp_path: Path) -> None:
    desk, out = desk_at(tmp_path)
    talk = ConsoleTalk(desk)
    posted = await talk.post(ScriptedCore().sheet(), Keeper().delivery("j-post"))

    await talk.delete(posted)
    await talk.delete(posted)

    assert not (tmp_path / f"{JOB}.png").exists()
    assert out.getvalue().count("Removed") == 1


@pytest.mark.parametrize("name", ["../../outside.png", "/etc/outside.png", ".hidden", "a b\n.png"])
async def test_files_stay_in_the_folder_whatever_they_are_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "b"
    desk, _ = desk_at(folder)

    (path,) = await desk.show(Message("Here", (Picture(name, png(), "a"),)))

    assert path.parent == folder
    assert [found.name for found in files_in(tmp_path)] == [path.name]


@pytest.mark.parametrize("text", ["[bold]no[/bold]", "[link=file:///x]y[/link]", ":smile:", "\\[x]"])
async def test_words_of_a_person_are_no_markup(tmp_path: Path, text: str) -> None:
    desk, out = desk_at(tmp_path)

    desk.write(f"*{text}* is {text}")

    assert out.getvalue() == f"{text} is {text}\n"


async def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]52;c;cm0=\x07\x1b[2J\x9b2Jnice\npictures"
    out = io.StringIO()
    desk = Desk(tmp_path, Console(file=out, soft_wrap=True, highlight=False))

    await desk.show(Message(evil, buttons=(Button(evil, "again"),)))
    desk.ask(Form(evil, "edited", (FormField("prompt", evil, evil),)))

    assert "nice\npictures" in out.getvalue()
    assert [sign for sign in out.getvalue() if sign in "\x07\x1b\x9b"] == []


async def test_a_job_that_fails_ends_the_wait_too(tmp_path: Path) -> None:
    desk, out = desk_at(tmp_path)
    talk = ConsoleTalk(desk)
    desk.expect(talk.name)
    await talk.say(Message("You are next.", buttons=(Button("Cancel", "cancel:x"),)), Keeper().delivery("j-say"))

    await talk.update(Message("It failed: the disk is full.", buttons=(Button("Run it again", "again:x"),)))

    await asyncio.wait_for(desk.wait_for_answers(), 5)
    assert "the disk is full" in out.getvalue()


def test_it_runs_as_a_process_at_the_end_of_a_pipe(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from adapters.console.platform import ConsolePlatform;"
        "from tests.web_core import ScriptedCore; asyncio.run(ConsolePlatform(Path(sys.argv[1])).run(ScriptedCore()))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        input="a cat\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )

    assert str(tmp_path / f"{JOB}.png") in ended.stdout.splitlines()
    assert ended.stderr == ""


def test_it_keeps_its_files_in_the_data_folder(tmp_path: Path) -> None:
    platform = make(SimpleNamespace(data_dir=tmp_path))

    assert platform._desk._folder == tmp_path / "console"


def test_letters_that_the_terminal_has_not_are_shown_as_question_marks(tmp_path: Path) -> None:
    environment = {
        **os.environ, "DATA_DIR": str(tmp_path), "ENGINE_URL": "http://127.0.0.1:9", "PYTHONIOENCODING": "latin-1",
    }  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-m", "bot", "console"], input=b"/history cats\n/help\n", env=environment,
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip

    assert b"?cats?" in done.stdout
    assert b'"error"' not in done.stderr
