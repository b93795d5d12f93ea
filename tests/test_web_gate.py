"""Who the web chat lets in, and what its answers allow a browser to do."""

import asyncio
import hashlib
import hmac
import io
import re
import socket
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapters.web import make, orders, server
from adapters.web.app import STATIC
from adapters.web.visitors import Visitors
from bot.errors import BotError
from bot.settings import Settings
from tests.web_core import ScriptedCore
from tests.web_site import new_event, served

HELLO = b"POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
PATHS = ("/", "/static/app.js", "/events", "/messages?before=9", "/complete?command=a&option=b", "/metrics")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5", "a:b", ""]
)
@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_host_is_refused_everywhere(tmp_path: Path, host: str, path: str) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        answer = await visitor.client.get(path, headers={"Host": host})

    assert answer.status_code == 403
    assert "does not answer at this address" in answer.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "127.0.0.2"])
async def test_the_names_of_this_machine_are_accepted_on_any_port(tmp_path: Path, host: str) -> None:
    async with served(tmp_path) as site, httpx.AsyncClient(base_url=site.address) as client:
        # A tunnel ends at another port than the one that is served.
        assert (await client.get("/", headers={"Host": f"{host}:9999"})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "http://[", "https://127.0.0.1"]
)
async def test_another_sites_page_cannot_say_anything(tmp_path: Path, origin: str) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        order = {"event": new_event(), "text": "/grid a cat"}
        answer = await visitor.client.post("/say", json=order, headers={"Origin": origin})

        assert answer.status_code == 403
        assert site.core.heard == []


async def test_ones_own_page_may_speak(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        order = {"event": new_event(), "text": "/help"}
        headers = {"Origin": site.address, "Sec-Fetch-Site": "same-origin"}
        answer = await visitor.client.post("/say", json=order, headers=headers)

        assert answer.status_code == 204
        await site.core.answers()


@pytest.mark.parametrize("site_header", ["cross-site", "same-site"])
async def test_another_sites_page_can_link_here_but_not_fetch(tmp_path: Path, site_header: str) -> None:
    async with served(tmp_path) as site, httpx.AsyncClient(base_url=site.address) as client:
        fetched = await client.get("/", headers={"Sec-Fetch-Site": site_header, "Sec-Fetch-Mode": "no-cors"})
        followed = await client.get("/", headers={"Sec-Fetch-Site": site_header, "Sec-Fetch-Mode": "navigate"})

    assert (fetched.status_code, followed.status_code) == (403, 200)


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_forbids_inline_and_foreign_code(tmp_path: Path, path: str) -> None:
    async with served(tmp_path) as site, httpx.AsyncClient(base_url=site.address) as client:
        headers = (await client.get(path)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_loads_nothing_from_elsewhere_and_makes_no_html_from_strings() -> None:
    html = (STATIC / "index.html").read_text()
    scripts = "".join(path.read_text() for path in STATIC.glob("*.js"))
    styles = (STATIC / "app.css").read_text()

    assert re.findall(r'(?:src|href)="(?!static/|data:|#)', html) == []
    assert re.findall(r"<style|style=|<script>| on\w+=", html) == []
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?://(?!www\.w3\.org)", scripts)
        == []
    )
    assert re.findall(r"@import|url\(", styles) == []


async def test_the_cookie_is_closed_to_scripts_and_other_sites(tmp_path: Path) -> None:
    async with served(tmp_path) as site, httpx.AsyncClient(base_url=site.address) as client:
        cookie = (await client.post("/hello", json={})).headers["set-cookie"]
        again = await client.post("/hello", json={})

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "set-cookie" not in again.headers


async def test_opening_the_page_alone_makes_nobody_a_new_person(tmp_path: Path) -> None:
    # A link on another site brings no cookie along; giving one then would replace the person's own.
    async with served(tmp_path) as site, httpx.AsyncClient(base_url=site.address) as client:
        assert "set-cookie" not in (await client.get("/")).headers


@pytest.mark.parametrize("cookie", ["", "x" * 64, "ä" * 64, "0" * 63, "0" * 64 + ".\x7f"])
async def test_without_a_good_cookie_nothing_is_shown(tmp_path: Path, cookie: str) -> None:
    async with served(tmp_path, token="s3cret") as site, httpx.AsyncClient(base_url=site.address) as client:
        headers = {b"Cookie": f"tessera_{site.address.rpartition(':')[2]}={cookie}".encode()}
        answer = await client.get("/messages?before=9", headers=headers)

    assert answer.status_code == 401


async def test_a_person_is_a_moderator_on_this_machine_and_not_behind_a_proxy(tmp_path: Path) -> None:
    async with served(tmp_path) as site:
        async with site.visitor() as here, site.visitor(**{"X-Forwarded-For": "203.0.113.9"}) as far:
            await here.say("/help")
            await far.say("/help")
            near = (await here.client.post("/hello", json={})).json()["commands"]
            away = (await far.client.post("/hello", json={})).json()["commands"]

        assert [heard.person.moderator for heard in site.core.heard] == [True, False]
        assert {command["name"] for command in near} - {command["name"] for command in away} == {"status"}


async def test_the_token_is_asked_for_and_opens_the_door(tmp_path: Path) -> None:
    async with served(tmp_path, token="s3cret-ü") as site, httpx.AsyncClient(base_url=site.address) as client:
        page = await client.get("/")
        refused = [await client.post("/hello", json=body) for body in ({}, {"token": "s3cret"}, {"token": ""})]
        opened = await client.post("/hello", json={"token": "s3cret-ü"})
        inside = await client.get("/messages?before=9")

    assert page.status_code == 200
    assert [answer.status_code for answer in refused] == [401, 401, 401]
    assert "WEB_TOKEN" in refused[1].json()["error"]
    assert (opened.status_code, inside.status_code) == (200, 200)
    assert "s3cret" not in opened.headers["set-cookie"]


async def test_a_cookie_from_before_the_token_was_set_is_not_enough(tmp_path: Path) -> None:
    async with served(tmp_path / "open") as site, site.visitor() as visitor:
        secret = next(iter(visitor.client.cookies.jar)).value

    async with served(tmp_path / "closed", token="s3cret") as site:
        name = f"tessera_{site.address.rpartition(':')[2]}"
        async with httpx.AsyncClient(base_url=site.address, cookies={name: str(secret)}) as client:
            assert (await client.get("/messages?before=9")).status_code == 401


async def test_whoever_guesses_has_to_wait_even_with_the_right_token(tmp_path: Path) -> None:
    async with served(tmp_path, token="s3cret") as site, httpx.AsyncClient(base_url=site.address) as client:
        wrong = [(await client.post("/hello", json={"token": str(n)})).status_code for n in range(11)]
        right = await client.post("/hello", json={"token": "s3cret"})

    assert wrong == [401] * 10 + [429]
    assert right.status_code == 429


async def test_a_token_cannot_be_tried_by_making_the_proof_of_it(tmp_path: Path) -> None:
    async with served(tmp_path, token="s3cret") as site, httpx.AsyncClient(base_url=site.address) as client:
        secret = "0" * 64
        proof = hmac.new(b"s3cret", secret.encode(), hashlib.sha256).hexdigest()
        port = site.address.rpartition(":")[2]
        answer = await client.post("/hello", json={}, headers={"Cookie": f"tessera_{port}={secret}.{proof}"})

    assert answer.status_code == 401


async def test_tokens_that_are_tried_at_the_metrics_count_as_at_the_door(tmp_path: Path) -> None:
    far = {"X-Forwarded-For": "203.0.113.9"}
    async with served(tmp_path, token="s3cret") as site, httpx.AsyncClient(base_url=site.address) as client:
        for n in range(10):
            await client.get("/metrics", headers={**far, "Authorization": f"Bearer {n}"})
        bearer = await client.get("/metrics", headers={**far, "Authorization": "Bearer s3cret"})
        door = await client.post("/hello", json={"token": "s3cret"})

    assert (bearer.status_code, door.status_code) == (401, 429)


async def test_whoever_gave_the_token_is_not_asked_again_after_a_restart(tmp_path: Path) -> None:
    async with served(tmp_path, token="s3cret") as site, httpx.AsyncClient(base_url=site.address) as client:
        cookie = (await client.post("/hello", json={"token": "s3cret"})).headers["set-cookie"]
        port = int(site.address.rpartition(":")[2])

    restarted = served(tmp_path, token="s3cret", port=port)
    async with restarted as site, httpx.AsyncClient(base_url=site.address) as client:
        again = await client.post("/hello", json={}, headers={"Cookie": cookie.partition(";")[0]})

    assert again.status_code == 200


def test_whoever_has_many_addresses_of_ipv6_has_no_more_tries() -> None:
    visitors = Visitors(8064, "s3cret", b"key")
    tries = [Request({"type": "http", "client": (f"2001:db8::{n:x}", 1), "headers": []}) for n in range(11)]
    for request in tries[:10]:
        visitors.admit(request, Response(), "guess")

    assert not visitors.admit(tries[10], Response(), "s3cret")
    assert visitors.admit(Request({**tries[0].scope, "client": ("2001:db8:0:1::", 1)}), Response(), "s3cret")


@pytest.mark.parametrize("words", [b"", b"GET / HT", HELLO, HELLO + b"{"])
async def test_whoever_says_nothing_whole_makes_room_and_who_follows_the_page_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: bytes
) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor, visitor.stream() as events:
        await anext(events)
        monkeypatch.setattr(server, "SILENT_S", 0.2)
        monkeypatch.setattr(orders, "PATIENCE_S", 0.2)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site.address.rpartition(":")[2]))
        writer.write(words)
        async with asyncio.timeout(15):
            answered = await reader.read()
        await visitor.say("/help")

        assert answered[:12] == (b"HTTP/1.1 408" if words.startswith(HELLO) else b"")
        assert (await anext(events))[0] == "changes"
        writer.close()


async def test_whoever_breaks_off_is_no_fault_for_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with served(tmp_path) as site:
        _, writer = await asyncio.open_connection("127.0.0.1", int(site.address.rpartition(":")[2]))
        writer.write(HELLO)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    assert caplog.text == ""


async def test_connections_leave_files_for_everything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST", 3)
    async with served(tmp_path) as site, AsyncExitStack() as opened:
        port = int(site.address.rpartition(":")[2])
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.callback(writer.close)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.callback(writer.close)

        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                assert await reader.read() == b""


async def test_off_loopback_a_token_is_required_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="set WEB_TOKEN"):
        async with served(tmp_path, host="0.0.0.0"):
            pass


@pytest.mark.parametrize(
    "host", ["192.0.2.7:8064", "[2001:db8::1]", socket.gethostname(), f"{socket.gethostname()}.local"]
)
async def test_off_loopback_addresses_and_the_machines_own_name_are_ours_too(tmp_path: Path, host: str) -> None:
    served_to_others = served(tmp_path, host="0.0.0.0", token="s3cret")
    async with served_to_others as site, httpx.AsyncClient(base_url=site.address) as client:
        ours = await client.get("/", headers={"Host": host})
        foreign = await client.get("/", headers={"Host": "evil.example"})

    assert (ours.status_code, foreign.status_code) == (200, 403)


async def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with served(tmp_path / "first") as site:
        port = int(site.address.rpartition(":")[2])

        with pytest.raises(BotError, match=rf"Port {port} .* set WEB_PORT"):
            async with served(tmp_path / "second", port=port):
                pass


async def test_a_host_that_is_not_this_machines_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="check WEB_HOST"):
        async with served(tmp_path, host="192.0.2.1", token="s3cret"):
            pass


async def test_the_address_is_printed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(tmp_path) as site:
        assert capsys.readouterr().out == f"Tessera is at {site.address}\n"


class NobodyReads(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("output", [None, NobodyReads()])
async def test_the_page_is_served_where_nobody_reads_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: io.StringIO | None
) -> None:
    monkeypatch.setattr("sys.stdout", output)

    async with served(tmp_path) as site, site.visitor() as visitor:
        assert (await visitor.client.get("/")).status_code == 200


async def test_metrics_are_for_this_machine_or_the_token(tmp_path: Path) -> None:
    far = {"X-Forwarded-For": "203.0.113.9"}
    async with served(tmp_path, token="s3cret") as site, httpx.AsyncClient(base_url=site.address) as client:
        here = await client.get("/metrics")
        away = await client.get("/metrics", headers=far)
        guess = await client.get("/metrics", headers={**far, "Authorization": "Bearer s3cre"})
        bearer = await client.get("/metrics", headers={**far, "Authorization": "Bearer s3cret"})

    assert (here.status_code, here.content) == (200, ScriptedCore().metrics())
    assert [answer.status_code for answer in (away, guess, bearer)] == [401, 401, 200]


async def test_without_a_token_metrics_stay_on_this_machine(tmp_path: Path) -> None:
    async with served(tmp_path) as site, httpx.AsyncClient(base_url=site.address) as client:
        answer = await client.get("/metrics", headers={"Via": "1.1 proxy", "Authorization": "Bearer None"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"event=1&text=x", "application/x-www-form-urlencoded", 415, "JSON"),
        (b"{", "application/json", 422, "cannot be read"),
        (b"[]", "application/json", 422, "cannot be read"),
        (b'{"event":"00","text":"x"}', "application/json", 422, "event"),
        (b'{"event":"0123456789abcdef","text":""}', "application/json", 422, "text"),
        (b'{"event":"0123456789abcdef","text":"\\ud800"}', "application/json", 422, "cannot be read"),
        (b'{"event":"0123456789abcdef","text":"x","admin":true}', "application/json", 422, "admin"),
        (b'{"event":"0123456789abcdef","text":"' + b"x" * 8001 + b'"}', "application/json", 422, "text"),
        (b" " * 70_000, "application/json", 413, "64 KiB"),
    ],
)
async def test_a_body_that_is_no_order_is_answered_with_a_sentence(
    tmp_path: Path, body: bytes, kind: str, status: int, words: str
) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        answer = await visitor.client.post("/say", content=body, headers={"Content-Type": kind})

        assert answer.status_code == status
        assert words in answer.json()["error"]
        assert site.core.heard == []


def test_the_chat_is_made_from_the_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, web_port=1234, web_token="s3cret", _env_file=None)  # type: ignore[arg-type, call-arg]

    platform = make(settings)

    assert (platform.name, platform.host, platform.port, platform.token) == ("web", "127.0.0.1", 1234, "s3cret")
