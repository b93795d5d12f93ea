"""The web chat as a person meets it, in headless Chromium. Skipped, and said so, where there is no Chromium."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.web.stream import PAGE
from bot.chat import Button, Menu, Message
from bot.commands import COMMANDS as REAL_COMMANDS
from tests.chromium import CHROMIUM, Page, chromium, page
from tests.web_core import COMMANDS, JOB, ScriptedCore, png
from tests.web_site import Site, served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt install chromium)")


# Notes in the page what a screen reader would read out.
LISTEN = (
    "(() => { window.said = [];"
    " const note = () => { if (announcer.textContent) said.push(announcer.textContent); };"
    " new MutationObserver(note).observe(announcer, {childList: true, subtree: true}); })()"
)


@pytest.fixture(scope="module")
def debugger(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@asynccontextmanager
async def opened(
    debugger: str, folder: Path, core: ScriptedCore | None = None, **media: Any
) -> AsyncGenerator[tuple[Page, Site]]:
    """The page, with the input focused. At the end nothing may have failed in it, the content policy included."""
    async with served(folder, core) as site, page(debugger, site.address, **media) as view:
        await view.until("document.activeElement.id === 'line'")
        yield view, site
        assert view.complaints == []


async def type_line(view: Page, text: str) -> None:
    await view.until("document.activeElement.id === 'line' && !document.querySelector('#send').disabled")
    await view.type(text)
    await view.press("Escape")
    await view.press("Enter")


async def sheet(view: Page, command: str = "grid") -> None:
    """Order a grid and wait for its sheet."""
    await type_line(view, f"/{command} a cat")
    await view.until("document.querySelector('.sheet img')?.complete")


async def test_a_newcomer_clicks_an_example_and_gets_a_sheet(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await view.until("document.querySelector('#welcome h1').checkVisibility()")

        await view.click("#examples button")

        await view.until("document.querySelector('.sheet img')?.complete")
        assert await view.js("document.querySelector('#welcome').hidden") is True
        assert site.core.heard[0].text == "/grid a cat wearing neon glasses"


async def test_a_sentence_is_a_prompt_and_a_bare_name_is_its_command(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await type_line(view, "a dog at night")
        await view.until("document.querySelector('.sheet')")
        await type_line(view, "help")
        await view.until("document.querySelectorAll('.typed').length === 2")

        assert [heard.text for heard in site.core.heard] == ["/grid a dog at night", "/help"]


async def test_only_bold_and_code_are_marked_and_nothing_else_is_read_as_html(tmp_path: Path, debugger: str) -> None:
    nasty = "<img src=x onerror=alert(1)> *bold* `co*d*e` <b>no</b> 2*3*4 & &amp; *<i>x</i>*"
    async with opened(debugger, tmp_path) as (view, _):
        await type_line(view, nasty.replace("<img", "/echo <img", 1))
        await view.until("document.querySelector('.said')")

        said = await view.js("document.querySelector('.said .text').innerText")
        marks = await view.js(
            "[...document.querySelectorAll('.said .text *')].map((e) => e.tagName + ':' + e.textContent)"
        )
        foreign = await view.js("document.querySelectorAll('article img, article b:not(.typed b), article i').length")

    assert said == "/echo <img src=x onerror=alert(1)> bold co*d*e <b>no</b> 2*3*4 & &amp; <i>x</i>"
    assert marks == ["STRONG:bold", "CODE:co*d*e", "STRONG:<i>x</i>"]
    assert foreign == 0


async def test_commands_options_and_values_complete_as_one_types(tmp_path: Path, debugger: str) -> None:
    offers = "[...document.querySelectorAll('#offers li b')].map((e) => e.textContent)"
    async with opened(debugger, tmp_path) as (view, site):
        await view.type("/g")
        await view.until(f"{offers}.length === 1")
        await view.press("Tab")
        assert await view.js("line.value") == "/grid "

        await view.type("appr")
        await view.until(f"{offers}[0] === 'approach:'")
        await view.press("Tab")
        assert await view.until(f"{offers}.length === 2 && {offers}") == ["1", "2"]
        await view.press("ArrowDown")
        await view.press("ArrowDown")
        assert await view.js("line.getAttribute('aria-activedescendant')") == "offer-1"
        await view.press("Enter")
        assert await view.js("line.value") == "/grid approach:2 "

        await view.type('prompt:"a d')
        assert await view.until(f"{offers}.length === 1 && {offers}") == ["a dog at night"]
        await view.press("Tab")
        assert await view.js("line.value") == '/grid approach:2 prompt:"a dog at night" '
        assert site.core.completed[-1] == ("grid", "prompt", "a d")
        assert await view.js("[...document.querySelectorAll('.chip')].map((e) => e.textContent)") == ["blocks", "seed"]


async def test_grids_are_offered_with_their_prompts_and_typed_as_ids(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        offer = "[...document.querySelectorAll('#offers li > *')].map((e) => e.textContent)"
        await view.type("/show id:")
        assert await view.until(f"{offer}.length === 2 && {offer}") == ["k3x9tq2m7d", "a red cat"]
        await view.press("Tab")

        assert await view.js("line.value") == "/show id:k3x9tq2m7d "


async def test_free_text_is_sent_as_it_is_even_while_something_is_offered(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await view.type("/grid a cat se")
        await view.until("document.querySelectorAll('#offers li').length === 1")
        await view.press("Enter")
        await view.until("document.querySelector('.sheet')")

        assert site.core.heard[0].text == "/grid a cat se"


async def test_progress_moves_while_the_focus_stays_on_cancel(tmp_path: Path, debugger: str) -> None:
    core = ScriptedCore(gated=True)
    assert core.steps
    async with opened(debugger, tmp_path, core) as (view, _):
        await type_line(view, "/grid a cat")
        await view.until("document.querySelector('.said .danger')")
        await view.js("document.querySelector('.said .danger').focus()")
        shares = []
        for share in (0.25, 0.5, 0.75):
            core.steps.release()
            shares.append(await view.until(f"document.querySelector('progress').value === {share} && {share}"))
            await view.until("document.querySelector('.said img')?.complete")
            assert await view.js("document.activeElement.textContent") == "Cancel"
        core.steps.release()
        await view.until("document.querySelector('.sheet')")
        await core.answers()

    assert shares == [0.25, 0.5, 0.75]


async def test_a_click_on_a_preview_opens_the_one_that_is_shown(tmp_path: Path, debugger: str) -> None:
    core = ScriptedCore(gated=True)
    assert core.steps
    async with opened(debugger, tmp_path, core) as (view, _):
        await type_line(view, "/grid a cat")
        core.steps.release()
        await view.until("document.querySelector('.picture img')?.complete")
        core.steps.release()
        await view.until("document.querySelector('.picture img').alt.includes('8 of 16')")
        shown = await view.js("document.querySelector('.picture img').src")

        await view.click(".picture")

        assert await view.until("document.querySelector('#viewer[open] img')?.src") == shown
        assert "8 of 16" in await view.js("document.querySelector('#viewer-title').innerText")
        assert "8 of 16" in await view.js("document.querySelector('.picture').getAttribute('aria-label')")


async def test_a_preview_that_loads_slowly_does_not_replace_a_newer_one(tmp_path: Path, debugger: str) -> None:
    core = ScriptedCore(gated=True)
    assert core.steps
    slow_first = (
        "(() => { const real = Image.prototype.decode; let number = 0;"
        " const late = new Promise((go) => { window.letGo = go; });"
        " Image.prototype.decode = function () { number += 1; const decoded = real.call(this);"
        " return number === 1 ? decoded.then(() => late) : decoded; }; })()"
    )
    async with opened(debugger, tmp_path, core) as (view, _):
        await view.js(slow_first)
        await type_line(view, "/grid a cat")
        for done in (4, 8, 12):
            core.steps.release()
            await view.until(f"document.querySelector('.said .text')?.innerText.includes('{done} of 16')")
            await view.until("document.querySelector('.picture img')")
        await view.until("document.querySelector('.picture img').alt.includes('12 of 16')")

        await view.js("letGo(); new Promise((done) => requestAnimationFrame(() => done(true)))")

        assert "12 of 16" in await view.js("document.querySelector('.picture img').alt")


async def test_pointing_at_a_cell_shows_its_prompt_seed_and_score(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view)

        await view.point("[data-cell=C1]")
        tip = await view.until("!document.querySelector('.tip').hidden && document.querySelector('.tip').innerText")
        await view.point("[data-cell=B2]")
        withheld = await view.until(
            "document.querySelector('.tip').innerText.includes('B2') && document.querySelector('.tip').innerText"
        )
        await view.point("#line")
        await view.until("document.querySelector('.tip').hidden")

    assert tip.split("\n") == ["C1, from your prompt", "a cat wearing neon glasses", "Seed 1002", "Score 0.270"]
    assert "Withheld unsafe" in withheld
    assert "Score" not in withheld


async def test_a_click_opens_the_cell_in_full_size_and_escape_gives_the_focus_back(
    tmp_path: Path, debugger: str
) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view)

        await view.click("[data-cell=A3]")
        width = await view.until("document.querySelector('#viewer[open] img')?.naturalWidth")
        facts = await view.js("document.querySelector('#viewer-facts').innerText")
        saved = await view.js("document.querySelector('#viewer-save').download")
        await view.press("ArrowRight")
        await view.until("document.querySelector('#viewer-title').textContent.startsWith('B3')")
        await view.press("Escape")

        assert await view.until("document.activeElement.dataset.cell") == "A3"
    assert width == 64
    assert "1020" in facts
    assert saved == f"{JOB}-A3.png"


async def test_a_withheld_cell_says_so_instead_of_a_picture(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view)
        await view.click("[data-cell=B2]")

        assert (
            await view.until("document.querySelector('#viewer[open] .stage').innerText") == "This picture was withheld."
        )


async def test_the_sheet_is_walked_with_the_arrow_keys_and_one_tab_stop(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view)
        assert await view.js("document.querySelectorAll('.cells [tabindex=\"0\"]').length") == 1
        await view.js("document.querySelector('[data-cell=A1]').focus()")

        path = []
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp"):
            await view.press(key)
            path.append(await view.js("document.activeElement.dataset.cell"))
        await view.press("Enter")
        await view.until("document.querySelector('#viewer').open")

    assert path == ["B1", "B2", "A2", "A2", "A1"]


async def test_all_cells_stand_in_a_table_for_whoever_cannot_point(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view)
        await view.click("summary")

        rows = await view.until(
            "document.querySelector('tbody') && [...document.querySelectorAll('tbody tr')].map((row) => row.innerText)"
        )

    assert len(rows) == 16
    assert rows[2].split("\t") == ["C1", "prompt", "a cat wearing neon glasses", "1002", "0.270"]
    assert rows[5].split("\t")[-1] == "withheld"


async def test_a_cell_of_a_comparison_shows_everything_that_was_measured_about_it(
    tmp_path: Path, debugger: str
) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view, "compare")
        await view.click("summary")
        head = await view.until("document.querySelector('thead') && document.querySelector('thead').innerText")
        row = await view.js("document.querySelectorAll('tbody tr')[2].innerText")
        await view.click("[data-cell=C1]")
        facts = await view.until("document.querySelector('#viewer[open] dl').innerText")

    assert head.strip().split("\t") == ["Cell", "Kind", "Prompt", "Seed", "content", "style ink"]
    assert row.split("\t") == ["C1", "sketch x 1", "a cat wearing neon glasses", "1002", "0.270", "0.500"]
    assert facts.split("\n")[-4:] == ["content", "0.270", "style ink", "0.500"]


async def test_buttons_and_menus_send_what_they_carry(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await sheet(view)
        await view.click(".posted .primary")
        await view.until("document.querySelectorAll('.whispered').length === 1")
        await view.js("document.querySelector('.menu select').value = 'C1'")
        await view.click(".menu button")
        await view.until("document.querySelectorAll('.whispered').length === 2")

        assert [pressed.press for pressed in site.core.pressed] == [f"again:{JOB}", f"cell:{JOB}:C1"]
        assert "Only you see this" in await view.js("document.querySelector('.whispered').innerText")


async def test_a_form_comes_back_after_a_reload_and_sends_its_values(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await type_line(view, "/ask")
        await view.until("document.querySelector('dialog[open] textarea')")
        await view.go(site.address)
        await view.until("document.querySelector('dialog[open] input')")

        await view.js("document.querySelector('dialog[open] input').select()")
        await view.type("Ada")
        await view.press("Enter")
        await view.until("!document.querySelector('dialog[open]')")

        assert site.core.pressed[-1].values == {"name": "Ada", "more": ""}
        await view.go(site.address)
        await view.until("document.querySelector('.whispered')")
        assert await view.js("document.querySelector('dialog[open]')") is None


async def test_escape_puts_a_form_away_for_good(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await type_line(view, "/ask")
        await view.until("document.querySelector('dialog[open]')")
        await view.press("Escape")
        await view.until("!document.querySelector('dialog[open]')")
        await view.go(site.address)
        await view.until("document.querySelector('.typed')")

        assert await view.js("document.querySelector('dialog[open]')") is None


async def test_a_reload_shows_the_same_conversation(tmp_path: Path, debugger: str) -> None:
    texts = "[...document.querySelectorAll('article .text')].map((e) => e.innerText)"
    async with opened(debugger, tmp_path) as (view, site):
        await sheet(view)
        before = await view.js(texts)
        await view.go(site.address)
        await view.until("document.querySelector('.sheet img')?.complete")

        assert await view.js(texts) == before
        assert len(before) == 3


async def test_earlier_messages_are_all_there_although_an_old_job_moves_on(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, site):
        await type_line(view, "/echo an old job")
        await view.until("document.querySelector('.said')")
        talk = site.core.heard[0].talk
        for number in range(2 * PAGE):
            await talk.whisper(Message(f"message {number}"))
        await view.go(site.address)
        await view.until("document.querySelectorAll('article').length")

        await talk.update(Message("moved on"))
        await view.until("document.querySelector('article').innerText === 'moved on'")
        below = await view.js("document.querySelector('#below').checkVisibility()")
        for shown in (2 * PAGE + 1, 2 * PAGE + 2):
            await view.click("#earlier")
            await view.until(f"document.querySelectorAll('article').length === {shown}")

        texts = "[...document.querySelectorAll('.whispered .text')].map((e) => e.innerText)"
        assert await view.js(texts) == [f"message {number}" for number in range(2 * PAGE)]
    assert below is False


async def test_while_the_bot_restarts_the_page_says_so_and_then_goes_on(tmp_path: Path, debugger: str) -> None:
    async with AsyncExitStack() as first_run:
        first = await first_run.enter_async_context(served(tmp_path))
        async with page(debugger, first.address) as view:
            await view.until("document.activeElement.id === 'line'")
            await type_line(view, "before")
            await view.until("document.querySelector('.sheet')")
            person = first.core.heard[0].person.id

            await first_run.aclose()
            await view.until("document.querySelector('#trouble').innerText.includes('cannot be reached')")
            await type_line(view, "/echo meanwhile")
            assert await view.until("document.querySelector('#send').disabled && line.value") == "/echo meanwhile"
            # Said while no page was connected: it must not be missed.
            talk = await first.platform.reopen(json.dumps({"person": person, "message": None}))
            await talk.whisper(Message("while you were away"))
            first.platform.conversation.close()

            async with served(tmp_path, port=_port(first)) as second:
                await view.until("document.querySelector('#trouble').hidden && document.querySelector('.whispered')")
                await view.until("[...document.querySelectorAll('.said')].at(-1).innerText === '/echo meanwhile'")
                await view.until("!document.querySelector('#send').disabled && line.value === ''")
                assert [heard.text for heard in second.core.heard] == ["/echo meanwhile"]


async def test_what_is_pressed_and_uploaded_while_the_bot_restarts_is_heard_once_it_is_back(
    tmp_path: Path, debugger: str
) -> None:
    pick = (
        "(() => { const chosen = new DataTransfer();"
        f" chosen.items.add(new File([Uint8Array.of({', '.join(map(str, png()))})], 'cat.png', {{type: 'image/png'}}));"
        " upload.files = chosen.files; upload.dispatchEvent(new Event('change')); })()"
    )
    async with AsyncExitStack() as first_run:
        first = await first_run.enter_async_context(served(tmp_path))
        async with page(debugger, first.address) as view:
            await view.until("document.activeElement.id === 'line'")
            await sheet(view)

            await first_run.aclose()
            await view.click(".posted .primary")
            await view.js(pick)
            await view.click("#shortcuts button")
            await view.until("document.querySelector('#trouble').innerText.includes('cannot be reached')")

            async with served(tmp_path, port=_port(first)) as second:
                await view.until("document.querySelectorAll('.whispered').length === 2")
                await view.until("[...document.querySelectorAll('.said')].at(-1).innerText === '/history'")
                await view.until(
                    "document.querySelector('#trouble').hidden && !document.querySelector('#score').disabled"
                )
                assert sorted(pressed.press for pressed in second.core.pressed) == [f"again:{JOB}", "score:message"]
                assert [heard.text for heard in second.core.heard] == ["/history"]


async def test_a_picture_that_cannot_arrive_is_not_sent_for_ever(tmp_path: Path, debugger: str) -> None:
    async with served(tmp_path) as site, page(debugger, site.address) as view:
        await view.until("document.activeElement.id === 'line'")
        await view.js(
            "(() => { const real = fetch; window.sent = 0; window.fetch = (path, ...more) => path.startsWith('picture')"
            " ? (sent += 1, Promise.reject(new TypeError('gone from the disk'))) : real(path, ...more);"
            " const chosen = new DataTransfer(); chosen.items.add(new File(['x'], 'cat.png', {type: 'image/png'}));"
            " upload.files = chosen.files; upload.dispatchEvent(new Event('change')); })()"
        )

        await view.until("document.querySelector('#trouble').innerText.includes('did not arrive')")
        assert await view.js("sent") == 2


async def test_the_theme_follows_the_system_until_one_is_chosen_and_stays_chosen(tmp_path: Path, debugger: str) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    async with opened(debugger, tmp_path, scheme="dark") as (view, site):
        dark = await view.js(paper)
        await view.click("#theme")
        light = await view.js(paper)
        await view.go(site.address)
        await view.until("document.activeElement.id === 'line'")

        assert await view.js(paper) == light
        assert (dark, light) == ("rgb(21, 23, 28)", "rgb(247, 246, 242)")


async def test_a_plot_is_as_wide_as_it_must_be_to_be_read(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path, width=1400) as (view, _):
        await type_line(view, "/plots")
        await view.until("document.querySelectorAll('.picture.wide').length === 2")
        widths = "Object.fromEntries([...document.querySelectorAll('.picture img')].map(i => [i.alt, i.width]))"
        shown = await view.js(widths)

    assert shown["curve"] == shown["samples"] > 600
    assert shown["cell"] < 200


@pytest.mark.parametrize("width", [320, 390, 1400])
async def test_nothing_runs_off_the_side_at_any_width(tmp_path: Path, debugger: str, width: int) -> None:
    core = ScriptedCore()
    core.commands = REAL_COMMANDS
    prompt = "a very detailed painting of a cat wearing neon glasses in front of a castle at night"
    async with opened(debugger, tmp_path, core, width=width) as (view, _):
        await sheet(view)
        await view.click("summary")
        menu = Menu("Open a grid", "show:grid", ((prompt, JOB),))
        await core.talks[0].whisper(Message("Your grids", menu=menu))
        await view.until("document.querySelector('.whispered select')")

        assert await view.js("document.documentElement.scrollWidth <= innerWidth")


async def test_every_control_has_a_name_and_every_picture_words(tmp_path: Path, debugger: str) -> None:
    roles = {
        "button",
        "textbox",
        "combobox",
        "checkbox",
        "link",
        "image",
        "gridcell",
        "progressbar",
        "dialog",
        "option",
    }
    async with opened(debugger, tmp_path) as (view, _):
        await sheet(view)
        await view.click("summary")
        await view.js("line.focus()")
        await type_line(view, "/ask")
        await view.until("document.querySelector('dialog[open]')")
        await view.js("document.querySelector('dialog[open]').close()")
        await view.call("Accessibility.enable", {})
        tree = (await view.call("Accessibility.getFullAXTree", {}))["nodes"]

    named = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if not n["ignored"]]
    assert [role for role, name in named if role in roles and not name.strip()] == []
    assert {"gridcell", "combobox", "checkbox", "progressbar", "log", "main", "banner"} <= {role for role, _ in named}


async def test_the_skip_link_leads_to_the_input(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        first = "document.querySelector('a[href], button, input, textarea, select, [tabindex]')"
        assert await view.js(f"{first}.className") == "skip"
        await view.js(f"{first}.focus()")
        await view.press("Enter")

        assert await view.until("document.activeElement.id === 'line'")


async def test_what_comes_is_read_out_once_and_progress_is_not(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await view.js(LISTEN)
        await sheet(view)
        await view.until("said.some((text) => text.includes('Score'))")

        heard = await view.js("said")
    assert [text for text in heard if text.startswith("Painting")] == []
    assert "*" not in heard[-1]


async def test_how_a_job_failed_is_read_out_and_its_place_in_the_line_is_not(tmp_path: Path, debugger: str) -> None:
    cancel, again = Button("Cancel", f"cancel:{JOB}", "danger"), Button("Run it again", f"again:{JOB}:same")
    async with opened(debugger, tmp_path) as (view, site):
        await type_line(view, "/echo hi")
        await view.until("document.querySelector('.said') && announcer.textContent")
        await view.js(LISTEN)

        talk = site.core.heard[0].talk
        await talk.update(Message("*a cat*\nYou are 2nd in the line.", buttons=(cancel,)))
        await view.until("document.querySelector('.said .danger')")
        await talk.update(Message("*a cat*\nThe engine ran out of memory.", buttons=(again,)))

        assert await view.until("said.length && said") == ["a cat\nThe engine ran out of memory."]


async def test_what_is_reached_by_tab_is_never_hidden_below_the_header_or_the_composer(
    tmp_path: Path, debugger: str
) -> None:
    covered = (
        "(() => { const e = document.activeElement, r = e.getBoundingClientRect();"
        " return !e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)) && e.innerText; })()"
    )
    async with opened(debugger, tmp_path, width=900, height=500) as (view, site):
        await type_line(view, "/echo hi")
        await view.until("document.querySelector('.said')")
        for number in range(12):
            show = Button(f"Show {number}", f"show:{number}")
            await site.core.heard[0].talk.whisper(Message(f"message {number}", buttons=(show,)))
        await view.until("document.querySelectorAll('.whispered').length === 12")
        await view.js("scrollTo({top: 0, behavior: 'instant'}); document.querySelector('#messages button').focus()")

        hidden = []
        for _ in range(11):
            await view.press("Tab")
            hidden.append(await view.js(covered))

        assert await view.js("document.activeElement.innerText") == "Show 11"
    assert hidden == [False] * 11


async def test_a_new_sheet_begins_at_the_top_of_the_window(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path, height=500) as (view, _):
        await sheet(view)

        top = "document.querySelector('.posted').getBoundingClientRect().top"
        assert 0 < await view.until(f"Math.abs({top} - 68) < 3 && {top}") < 100


async def test_whoever_reads_further_up_is_not_pulled_down(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path, height=500) as (view, site):
        await sheet(view)
        await sheet(view)
        await view.until("document.querySelectorAll('.posted').length === 2 && scrollY > 0")
        await view.js("new Promise((done) => { addEventListener('scrollend', done, {once: true}); scrollTo(0, 0); })")

        talk = await site.platform.reopen(site.core.heard[0].talk.address)
        await talk.whisper(Message("something new"))

        await view.until("document.querySelector('#below').checkVisibility()")
        assert await view.js("scrollY") == 0
        await view.click("#below")
        await view.until("scrollY > 0 && document.querySelector('#below').hidden")


async def test_a_window_that_was_in_the_background_shows_what_happened_in_the_other(
    tmp_path: Path, debugger: str
) -> None:
    async with opened(debugger, tmp_path) as (behind, site), behind.beside(site.address) as front:
        await behind.until("document.hidden")
        await type_line(front, "/ask")
        await front.until("document.querySelector('dialog[open]')")

        await behind.call("Page.bringToFront", {})
        await behind.until("document.querySelector('dialog[open]') && document.querySelector('.typed')")
        await behind.press("Escape")
        await behind.until("!document.querySelector('dialog[open]')")

        await front.call("Page.bringToFront", {})
        await front.until("!document.querySelector('dialog[open]')")
        assert len(site.core.heard) == 1


async def test_the_door_asks_for_the_token_and_lets_in(tmp_path: Path, debugger: str) -> None:
    async with served(tmp_path, token="s3cret") as site, page(debugger, site.address) as view:
        await view.until("document.activeElement.id === 'token'")
        await view.type("wrong")
        await view.press("Enter")
        await view.until("document.querySelector('#trouble').innerText.includes('WEB_TOKEN')")
        await view.js("token.select()")
        await view.type("s3cret")
        await view.press("Enter")

        await view.until("document.activeElement.id === 'line'")
        assert await view.js("document.querySelector('#door').checkVisibility()") is False


async def test_whoever_knocks_twice_while_the_bot_is_away_comes_in_once(tmp_path: Path, debugger: str) -> None:
    async with AsyncExitStack() as first_run:
        first = await first_run.enter_async_context(served(tmp_path, token="s3cret"))
        async with page(debugger, first.address) as view:
            await view.until("document.activeElement.id === 'token'")
            await view.type("s3cret")
            await first_run.aclose()
            for _ in range(2):
                await view.press("Enter")
                await view.until("document.querySelector('#trouble').innerText.includes('cannot be reached')")
                await view.js("document.querySelector('#trouble').textContent = ''")

            async with served(tmp_path, token="s3cret", port=_port(first)) as second:
                await type_line(view, "/echo once")
                await view.until("document.querySelectorAll('.said').length === 1")
                await type_line(view, "/echo twice")
                await view.until("document.querySelectorAll('.said').length === 2")

                assert [heard.text for heard in second.core.heard] == ["/echo once", "/echo twice"]


async def test_an_open_page_leads_back_to_the_door_once_the_token_is_another(tmp_path: Path, debugger: str) -> None:
    async with AsyncExitStack() as first_run:
        first = await first_run.enter_async_context(served(tmp_path, token="s3cret"))
        async with page(debugger, first.address) as view:
            await view.until("document.activeElement.id === 'token'")
            await view.type("s3cret")
            await view.press("Enter")
            await type_line(view, "/echo before")
            await view.until("document.querySelector('.said')")

            await first_run.aclose()
            async with served(tmp_path, token="an0ther", port=_port(first)):
                await view.until("document.activeElement?.id === 'token'")
                assert await view.js("document.querySelector('#trouble').hidden") is True
                await view.type("an0ther")
                await view.press("Enter")
                await view.until("document.querySelector('.said')?.innerText === '/echo before'")


async def test_the_commands_of_moderators_are_offered_on_this_machine(tmp_path: Path, debugger: str) -> None:
    async with opened(debugger, tmp_path) as (view, _):
        await view.type("/")

        assert await view.until("document.querySelectorAll('#offers li').length") == len(COMMANDS)


def _port(site: Site) -> int:
    return int(site.address.rpartition(":")[2])
