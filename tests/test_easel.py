"""What a cluster's painters are made of, without a cluster: places, parcels, claims on an easel, refusals."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cluster import connection
from engine.cluster.easel import ABANDONED_SECONDS, SILENT_SECONDS, Easel
from engine.cluster.messages import Claimed, program_hash
from engine.cluster.parcels import (
    StyleParcel,
    digest,
    pack,
    pack_checkpoints,
    pack_training,
    unpack_checkpoints,
    unpack_training,
)
from engine.cluster.places import Place, has_gpu, places
from engine.contract.approaches import Profile
from engine.contract.errors import BadRequest, BadStyle, EngineAway
from engine.contract.training import TrainStyle
from engine.settings import Settings
from engine.training.prepare import prepare
from tests.engines import TouchyPainter
from tests.waves import wave

from engine.wave import Mix  # isort: skip

PLAIN = Mix("embedded", None, 0.0, 4, 1.0)


def node(name: str, *, alive: bool = True, **has: float) -> dict[str, Any]:
    return {"NodeID": name * 28, "Alive": alive, "Resources": {"CPU": 8.0, **has}}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("a", GPU=2), node("b", GPU=1), node("c")], [("a", 0, 1), ("a", 1, 1), ("b", 0, 1)]),
        ([node("a"), node("b")], [("a", 0, 0), ("b", 0, 0)]),
        ([node("a", painter=2), node("b", GPU=1)], [("a", 0, 0), ("a", 1, 0)]),
        ([node("a", painter=3, GPU=2)], [("a", 0, 1), ("a", 1, 1), ("a", 2, 0)]),
        ([node("a", GPU=2), node("b", GPU=4, alive=False)], [("a", 0, 1), ("a", 1, 1)]),
        ([], []),
    ],
)
def test_there_is_a_place_for_every_gpu_or_for_every_node_or_what_the_nodes_say(
    nodes: list[dict[str, Any]], expected: list[tuple[str, int, int]]
) -> None:
    found = places(nodes)

    assert [(place.node[0], place.index, place.gpus) for place in found] == expected
    assert len({place.name for place in found}) == len(found)
    assert has_gpu(nodes) == any(gpus for _, _, gpus in expected)


def test_painters_without_a_gpu_share_the_cores_of_their_node() -> None:
    assert [place.threads for place in places([node("a", painter=3)])] == [2, 2, 2]
    assert places([node("a")]) == [Place("a" * 28, 0, 0, 8, reserved=False)]


def test_a_style_arrives_as_it_was_sent_or_not_at_all(tmp_path: Path) -> None:
    files = {"adapter_config.json": b"{}", "adapter_model.safetensors": b"1234"}
    parcel = StyleParcel("ink", files, digest(files))

    parcel.unpack(tmp_path)
    changed = StyleParcel("ink", {**files, "adapter_model.safetensors": b"1235"}, parcel.sha256)
    with pytest.raises(BadStyle, match="did not reach the painter whole"):
        changed.unpack(tmp_path)

    assert pack(tmp_path / "ink") == files
    assert [place.name for place in tmp_path.iterdir()] == ["ink"]


def test_no_name_in_a_parcel_leads_out_of_its_folder(tmp_path: Path) -> None:
    files = {"../../evil.json": b"{}", "card.json": b"{}"}

    StyleParcel("ink", files, digest(files)).unpack(tmp_path / "styles")

    assert sorted(str(place.relative_to(tmp_path)) for place in tmp_path.rglob("*.json")) == [
        "styles/ink/card.json",
        "styles/ink/evil.json",
    ]


def test_contents_that_move_between_files_change_the_hash() -> None:
    assert digest({"a": b"12", "b": b"3"}) != digest({"a": b"1", "b": b"23"})


def test_a_training_travels_with_its_pictures_its_numbers_and_its_newest_checkpoint(tmp_path: Path) -> None:
    here, there = (Settings(data_dir=tmp_path / name, profile="embedded", _env_file=None) for name in ("here", "there"))
    order = TrainStyle(name="half", source="embedded", images=8, epochs=2, rank=2, seed=7)
    training = prepare("job0000000", order, here, "embedded", lambda _done, _total: None)
    (here.training_dir / "half" / "epoch-0001").mkdir(parents=True)
    (here.training_dir / "half" / "epoch-0001" / "state.json").write_text("{}")

    again = unpack_training(pack_training(training, here), there)

    assert (again.job, again.order, again.recipe, again.profile) == (
        "job0000000",
        order,
        training.recipe,
        "embedded",
    )
    sent = [(e.name, e.caption, e.subject, e.open().tobytes()) for e in training.pictures.examples]
    assert [(e.name, e.caption, e.subject, e.open().tobytes()) for e in again.pictures.examples] == sent
    assert len({data for *_, data in sent}) == 8
    assert again.pictures.called == training.pictures.called == "pencil sketch"
    assert pack_checkpoints(there.training_dir / "half") == {"epoch-0001": {"state.json": b"{}"}}


def test_a_new_checkpoint_takes_the_place_of_the_old_ones(tmp_path: Path) -> None:
    unpack_checkpoints({"epoch-0001": {"state.json": b"1"}}, tmp_path)
    unpack_checkpoints({"epoch-0002": {"state.json": b"2"}}, tmp_path)

    assert pack_checkpoints(tmp_path) == {"epoch-0002": {"state.json": b"2"}}


class Hour:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hour:
    return Hour()


@pytest.fixture
def set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Hour) -> Callable[[], Easel]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def touchy(_settings: Settings, _profile: Profile, _threads: int) -> TouchyPainter:
        return TouchyPainter()

    return lambda: Easel(touchy, "embedded", "tessera-x/painter-a-0", 1, clock)


@pytest.fixture
async def easel(set_up: Callable[[], Easel]) -> Easel:
    return set_up()


async def test_an_easel_works_for_one_engine_until_that_is_silent(easel: Easel, clock: Hour) -> None:
    first = await easel.claim("first")
    refused = await easel.claim("second")
    clock.now += SILENT_SECONDS - 0.1
    await easel.ping("first")
    clock.now += SILENT_SECONDS - 0.1
    still = await easel.claim("second")
    clock.now += 0.2
    second = await easel.claim("second")

    assert first is not None
    assert (first.program_hash, first.profile) == (program_hash(), "embedded")
    assert (refused, still) == (None, None)
    assert second is not None
    with pytest.raises(Claimed):
        await easel.ask("first", "drop", 1)


async def test_an_engine_that_lets_go_need_not_be_waited_for(easel: Easel) -> None:
    await easel.claim("first")

    await easel.release("first")

    assert await easel.claim("second") is not None


async def test_a_claim_forgets_what_the_engine_before_had_begun(easel: Easel, clock: Hour) -> None:
    await easel.claim("first")
    await easel.ask("first", "begin", wave(1, PLAIN, [7]))
    begun = dict(easel._painter._waves)  # type: ignore[attr-defined]
    clock.now += SILENT_SECONDS + 1

    await easel.claim("second")

    assert set(begun) == {1}
    assert easel._painter._waves == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize("what", ["close", "memory", "train", "_picture", "__class__"])
async def test_a_painter_is_asked_nothing_but_to_paint_and_to_judge(easel: Easel, what: str) -> None:
    await easel.claim("first")

    with pytest.raises(ValueError, match="is not asked to"):
        await easel.ask("first", what)


async def test_an_easel_that_nobody_speaks_to_is_abandoned(easel: Easel, clock: Hour) -> None:
    await easel.claim("first")
    clock.now += ABANDONED_SECONDS - 1
    before = easel.abandoned()
    clock.now += 2

    assert (before, easel.abandoned()) == (False, True)

    await easel.ping("first")

    assert not easel.abandoned()


async def test_an_easel_that_no_engine_ever_claimed_ends_by_itself(
    set_up: Callable[[], Easel], clock: Hour, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()
    monkeypatch.setattr(os, "_exit", lambda _: ended.set())

    easel = set_up()
    clock.now += ABANDONED_SECONDS + 1
    async with asyncio.timeout(60):
        await ended.wait()

    assert easel.abandoned()


async def test_what_an_easel_was_sent_is_kept_under_the_users_cache_and_closed_to_others(
    easel: Easel, tmp_path: Path
) -> None:
    files = {"adapter_config.json": b"{}"}
    await easel.claim("first")

    await easel.take_style("first", StyleParcel("ink", files, digest(files)))
    claim = await easel.claim("first")
    here = tmp_path / "tessera" / "tessera-x" / "painter-a-0"
    kept = pack(here / "styles" / "ink")
    await easel.forget("first", "ink")

    assert kept == files
    assert claim
    assert claim.styles == {"ink": digest(files)}
    assert here.stat().st_mode & 0o077 == 0
    assert not (here / "styles" / "ink").exists()


@pytest.mark.parametrize(
    ("address", "mode", "is_open"),
    [
        ("10.0.0.5:6379", "", True),
        ("10.0.0.5:6379", "token", False),
        ("10.0.0.5:6379", "disabled", False),
        ("127.0.0.1:6379", "", False),
        ("[::1]:6379", "", False),
        ("localhost:6379", "", False),
        ("gpu-host:6379", "", True),
    ],
)
def test_a_cluster_that_others_can_reach_must_have_a_token_or_somebody_who_says_that_it_needs_none(
    address: str, mode: str, is_open: bool
) -> None:
    assert connection._is_open(address, {"RAY_AUTH_MODE": mode}) is is_open


def test_an_address_where_nothing_answers_is_told_at_once_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")

    with pytest.raises(EngineAway, match=r"nothing answers at 127.0.0.1:1 .*`ray start --head`"):
        connection.connect()


def test_an_address_of_rays_client_is_refused_with_what_would_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://10.0.0.5:10001")

    with pytest.raises(BadRequest, match=r"such as 10\.0\.0\.5:6379"):
        connection.connect()


def test_without_ray_the_setting_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)

    with pytest.raises(BadRequest, match=r"install tessera\[cluster\]"):
        connection.connect()


def test_every_data_folder_has_easels_of_its_own_and_finds_them_again(tmp_path: Path) -> None:
    one, other = (Settings(data_dir=tmp_path / name, _env_file=None) for name in ("one", "other"))

    assert connection.namespace(one) == connection.namespace(one)
    assert connection.namespace(one) != connection.namespace(other)
