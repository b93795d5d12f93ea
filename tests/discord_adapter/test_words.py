"""Texts as Discord shows them, and the table of failures."""

import aiohttp
import discord
import discord.gateway
import discord.http
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.failures import TABLE, Row, translate
from adapters.discord.wording import LONGEST, to_markdown
from bot.errors import DeliveryError, PlatformAway


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and `co*de`", "**bold** and `co*de`"),
        ("2 * 3 * 4", r"2 \* 3 \* 4"),
        ("_x_ ~~y~~ ||z||", r"\_x\_ \~\~y\~\~ \|\|z\|\|"),
        ("@everyone <@1> <#2> <t:3:R>", r"\@everyone \<\@1> \<#2> \<t:3:R>"),
        ("# big\n> quoted\n- item\n1. one\n-# small", "\\# big\n\\> quoted\n\\- item\n1\\. one\n\\-# small"),
        ("[click](https://example.org)", r"\[click](https\://example.org)"),
        ("neon-glasses, 0.31 #1", "neon-glasses, 0.31 #1"),
    ],
)
def test_only_bold_and_code_format(text: str, shown: str) -> None:
    assert to_markdown(text) == shown


@given(st.text(alphabet=st.sampled_from("ab *`_@\n#1.<漢"), max_size=5000), st.text(max_size=200))
def test_a_text_always_fits_and_keeps_its_tail(text: str, tail: str) -> None:
    shown = to_markdown(text, tail=tail)

    assert len(shown) <= LONGEST
    assert shown.endswith(tail)


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert to_markdown("a" * 3000) == "a" * 1999 + "…"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.becomes.__name__)
def test_every_row_of_the_table_of_failures_holds(row: Row) -> None:
    for code in row.codes:
        assert type(translate(_refused(400, code))) is row.becomes
    for status in row.statuses:
        assert type(translate(_refused(status, 0))) is row.becomes


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (aiohttp.ServerDisconnectedError(), PlatformAway),
        (TimeoutError(), PlatformAway),
        (OSError(), PlatformAway),
        (discord.RateLimited(60), PlatformAway),
    ],
)
def test_the_networks_failures_are_worth_another_try(error: Exception, becomes: type[DeliveryError]) -> None:
    assert type(translate(error)) is becomes


def test_a_server_error_is_worth_another_try_and_a_malformed_message_is_not() -> None:
    assert type(translate(_refused(502, 0))) is PlatformAway
    assert type(translate(_refused(400, 50035))) is DeliveryError


def _refused(status: int, code: int) -> discord.HTTPException:
    class Response:
        def __init__(self) -> None:
            self.status = status
            self.reason = "no"

    return discord.HTTPException(Response(), {"code": code, "message": "no"})  # type: ignore[arg-type] # all it reads
