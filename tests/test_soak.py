"""The soak itself: its plan is a seed's, its verdict sees what is wrong, and a short one finds nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.soak import report, verdict
from bench.soak.asks import Ask
from bench.soak.faults import FAULTS
from bench.soak.flat import flatness
from bench.soak.plan import DEADLY, KINDS, plan
from bench.soak.probe import Sample
from bench.soak.shown import Shown, of_discord
from bench.soak.size import Size
from bench.soak.soak import soak
from tests.stand_ins.discord_server import Posted

JOB = "k3x9tq2m7d"
ROW: dict[str, Any] = {
    "id": JOB, "platform": "discord", "state": "delivered", "told": 1, "reason": None, "detail": None,
    "work": '{"prompt": "a cat n1x0"}',
}  # fmt: skip
OWN = Shown(
    "discord", "1", f"**a cat n1x0** · approach 1 · `{JOB}`\nScore 0.3", private=False, sheet=False, failed=False
)
SHEET = replace(OWN, id="2", sheet=True)
REST = Sample(0.0, 0, "bot", 1.0, 100, files=20, tasks=10)
ASK = Ask("discord", "P1", "grid", "n1x0", 0.0, acknowledged=True, answered=1.0)


def test_the_same_seed_is_the_same_plan_and_strikes_every_kind() -> None:
    size = Size(jobs=1000, seed=3)

    planned = plan(size)

    assert planned == plan(size) != plan(replace(size, seed=4))
    assert [each.after for each in planned] == sorted(each.after for each in planned)
    assert {each.kind for each in planned} == set(KINDS) == set(FAULTS)
    assert len(planned) == 4 * len(KINDS)
    assert max(each.after for each in planned if each.kind in DEADLY) <= 250
    assert {each.kind for each in planned if 250 <= each.after <= 500} >= set(KINDS) - set(DEADLY)
    assert max(each.after for each in planned) > 500


def test_a_page_of_the_history_that_came_as_a_direct_message_is_no_sheet() -> None:
    sheet = Posted(1, 7, OWN.text, {"tessera-k3x9tq2m7d-0123456789abcdef.webp": b""})
    page = Posted(2, 8, f"`{JOB}` “a cat n1x0” · approach 1", {"tessera-k3x9tq2m7d-small.jpg": b""})
    preview = Posted(3, 7, OWN.text, {"tessera-k3x9tq2m7d-preview.jpg": b""})

    assert [of_discord(each).sheet for each in (sheet, page, preview)] == [True, False, False]


def test_a_job_that_was_delivered_once_is_as_it_should_be() -> None:
    found = verdict.HistoryRows([ROW], 0)

    assert verdict.faults_of_rows(found, [OWN, SHEET]) == []
    assert verdict.faults_of_asks([ASK], found) == []


@pytest.mark.parametrize(
    ("row", "shown", "sentence"),
    [
        ({}, [OWN], "was delivered 0 times"),
        ({}, [OWN, SHEET, SHEET], "was delivered 2 times"),
        ({}, [OWN, OWN, SHEET], "has 2 messages of its own"),
        ({}, [replace(OWN, text=f"{OWN.text}\n▰▰▱ Painting"), SHEET], "a message still says"),
        ({"state": "lent"}, [OWN], "never ended: it is lent"),
        ({"state": "failed", "reason": "disk_full"}, [replace(OWN, failed=True)], "failed: disk_full"),
        ({"state": "cancelled"}, [OWN], "its message does not say so"),
        ({"state": "cancelled"}, [replace(OWN, failed=True), SHEET], "its sheet stands there"),
    ],
)
def test_what_is_wrong_with_a_job_is_said(row: dict[str, Any], shown: list[Shown], sentence: str) -> None:
    (wrong,) = verdict.faults_of_rows(verdict.HistoryRows([ROW | row], 0), shown)

    assert sentence in wrong


@pytest.mark.parametrize(
    ("asks", "rows", "sentence"),
    [
        ([ASK], [], "was heard 1 times and made 0 jobs"),
        ([ASK], [ROW, ROW], "was ordered 1 times and made 2 jobs"),
        ([replace(ASK, what="queue", mark="", answered=None)], [], "waited in vain for an answer to queue"),
    ],
)
def test_orders_and_answers_that_are_lost_or_doubled_are_said(
    asks: list[Ask], rows: list[dict[str, Any]], sentence: str
) -> None:
    (wrong,) = verdict.faults_of_asks(asks, verdict.HistoryRows(rows, 0))

    assert sentence in wrong


def test_a_command_that_was_not_heard_may_have_made_a_job_or_none() -> None:
    ask = replace(ASK, acknowledged=False)

    assert verdict.faults_of_asks([ask], verdict.HistoryRows([], 0)) == []
    assert verdict.faults_of_asks([ask], verdict.HistoryRows([ROW], 0)) == []


def test_what_is_left_open_at_rest_is_said() -> None:
    found = verdict.faults_of_leaks({"bot": REST}, {"bot": replace(REST, files=30, tasks=30, kept=1)})

    assert [sentence.split(" at rest")[0] for sentence in found] == [
        "the bot has 30 files open",
        "the bot has 30 tasks",
        "the bot still keeps 1 jobs that are over",
    ]
    assert verdict.faults_of_leaks({"bot": REST}, {}) == ["the bot does not answer at the end"]


def test_memory_is_compared_within_the_last_process_and_the_second_half() -> None:
    first = [replace(REST, life=0.0, jobs=jobs, memory=900) for jobs in range(100)]
    last = [replace(REST, jobs=jobs, memory=100 if jobs < 750 else 103) for jobs in range(350, 1000, 10)]

    assert flatness([*first, *last], 1000).growth == pytest.approx(0.03)
    assert flatness(last[:40], 1000).growth is None  # too few samples of the last quarter
    assert flatness(last[10:], 1000).growth is None  # not warm yet


@pytest.mark.timeout(600)
async def test_a_short_soak_with_every_fault_loses_doubles_and_leaves_nothing(tmp_path: Path) -> None:
    size = Size(jobs=20, people=6, rounds=1, patience=240)

    found = await soak(size, tmp_path / "soak", tell=lambda _: None)

    told = report.table(found)
    assert found.wrong == [], told
    assert {each.kind for each in found.struck} == set(KINDS)
    assert all(kind in told for kind in KINDS)
    assert found.starts == 2
    assert found.endings["delivered"] >= 10
