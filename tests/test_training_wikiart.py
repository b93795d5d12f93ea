"""WikiArt's pictures by the three ways, against a stand-in of both services: few bytes, kept, resumed, told."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import BadRequest, Cancelled, NoData
from engine.contract.training import TrainStyle
from engine.settings import Settings
from engine.training import data
from engine.training.data import wikiart, wikiart_filter, wikiart_groups
from engine.training.recipe import adjective
from tests.stand_ins.wikiart import ARTISTS, STYLES, WikiArt, make, style_of

ROWS, IMPRESSIONISM = 120, STYLES.index("Impressionism")
EXPECTED = [row for row in range(ROWS) if style_of(row) == IMPRESSIONISM]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("set") / "wikiart", ROWS, shards=3, group=8, side=160, broken=(EXPECTED[1],))


@pytest.fixture
def server(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WikiArt]:
    from huggingface_hub import HfApi, constants

    with WikiArt(files) as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", running.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr("huggingface_hub.HfApi", lambda: HfApi(endpoint=running.url))
        monkeypatch.setattr(wikiart_filter, "LONGEST_PAUSE_S", 0.0)
        yield running


@pytest.fixture
def settings(server: WikiArt, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", datasets_server_url=server.url, _env_file=None)


def collect(settings: Settings, images: int = 10, **more: Any) -> data.Pictures:
    return data.collect(TrainStyle(name="any", **more), images, settings, lambda _done, _total: None)


def rows(found: data.Pictures) -> list[int]:
    return [int(example.name.split(":")[0]) for example in found.examples]


def test_the_filter_gives_the_first_pictures_of_the_style_with_their_artists(
    server: WikiArt, settings: Settings
) -> None:
    found = collect(settings)

    usable = [row for row in EXPECTED if row != EXPECTED[1]]
    assert rows(found) == usable[:10]
    name = {1: "Claude Monet", 0: "Unknown Artist", 2: "Camille Pissarro", 3: "Pablo Picasso"}[usable[0] % len(ARTISTS)]
    assert found.examples[0].caption == (
        f"pencil sketch of impressionist painting 'artwork' by {name}, detailed pencil drawing, graphite art, "
        "intricate shading"
    )
    assert found.warnings == [f"Pictures of WikiArt that cannot be read were left out: rows {EXPECTED[1]}."]
    assert found.examples[0].open().size == (160, 160)
    assert not server.asked("/resolve/")


def test_what_is_here_is_not_fetched_again(server: WikiArt, settings: Settings) -> None:
    first = collect(settings)
    asked = len(server.log)

    again = collect(settings)

    assert rows(again) == rows(first)
    assert len(server.log) == asked


def test_more_pictures_later_fetch_only_the_rest(server: WikiArt, settings: Settings) -> None:
    collect(settings, images=8)
    before = len(server.asked("/assets/"))

    collect(settings, images=12)

    assert len(server.asked("/assets/")) - before == 4


def test_without_the_dataset_server_the_cheapest_row_groups_are_read(
    server: WikiArt, settings: Settings, files: Path
) -> None:
    server.fault("/rows", "missing", 99)
    server.fault("/filter", "missing", 99)

    found = collect(settings)

    assert len(found.examples) == 10
    assert set(rows(found)) <= set(EXPECTED)
    assert "artwork" in found.examples[0].caption
    total = sum(file.stat().st_size for file in (files / "data").iterdir())
    assert server.sent < 0.7 * total
    assert {"range" in request.headers for request in server.asked("GET /datasets/huggan/wikiart/resolve")} == {True}


def leaving_after(pictures: int) -> Callable[[int, int], None]:
    """Progress that breaks the fetching off, as a kill does."""
    seen: list[int] = []

    def leave(done: int, _total: int) -> None:
        seen.append(done)
        if len(seen) == pictures:
            raise Cancelled("enough")

    return leave


@pytest.mark.usefixtures("server")
def test_pictures_that_come_later_take_the_place_of_none(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wikiart, "WAYS", wikiart.WAYS[1:2])
    first = rows(collect(settings, images=12))

    collect(settings, images=16)

    assert rows(collect(settings, images=12)) == first


def test_row_groups_that_were_read_already_are_not_fetched_again_for_the_rest(
    server: WikiArt, settings: Settings, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wikiart, "WAYS", wikiart.WAYS[1:2])
    with pytest.raises(Cancelled):
        data.collect(TrainStyle(name="any"), 16, settings, leaving_after(10))

    found = collect(settings, images=16)

    assert len(found.examples) == 16
    assert server.sent < 1.1 * sum(file.stat().st_size for file in (files / "data").iterdir())


@pytest.mark.parametrize("gone", ["nothing", "the dataset server"])
def test_a_style_with_fewer_pictures_than_asked_for_costs_no_whole_shard(
    server: WikiArt, settings: Settings, gone: str
) -> None:
    if gone == "the dataset server":
        server.fault("/rows", "missing", 99)
        server.fault("/filter", "missing", 99)

    found = collect(settings, images=50)

    usable = len(EXPECTED) - 1
    assert found.warnings[-1] == f"WikiArt gave {usable} pictures of Impressionism instead of 50."
    assert len(found.examples) == usable
    assert {"range" in request.headers for request in server.asked("GET /datasets/huggan/wikiart/resolve")} == {True}


def test_a_hub_that_goes_away_in_the_middle_is_told_with_what_is_kept_and_the_rest_comes_later(
    server: WikiArt, settings: Settings
) -> None:
    collect(settings, images=8)
    for method in ("GET", "POST", "HEAD"):
        server.fault(f"{method} ", "cut", 999)

    with pytest.raises(NoData, match=r"WikiArt cannot be fetched: .*8 of 12 pictures are here and kept"):
        collect(settings, images=12)
    server.fault_no_more()

    assert len(collect(settings, images=12).examples) == 12


def test_without_range_reads_the_shards_are_read_from_the_first_on(
    server: WikiArt, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wikiart, "WAYS", wikiart.WAYS[2:])

    found = collect(settings, images=9)

    assert rows(found) == [row for row in EXPECTED if row != EXPECTED[1]][:9]
    assert {request.path.rpartition("/")[2] for request in server.asked("GET /datasets/huggan")} <= {
        "train-00000-of-00003.parquet",
        "train-00001-of-00003.parquet",
    }


def test_a_server_that_is_busy_is_asked_again(server: WikiArt, settings: Settings) -> None:
    server.fault("/filter", "429", 1)
    server.fault("/assets/", "503", 2)

    assert len(collect(settings).examples) == 10
    assert not server.asked("/resolve/")


def test_pictures_that_came_before_the_network_went_are_kept(server: WikiArt, settings: Settings) -> None:
    with pytest.raises(Cancelled):
        data.collect(TrainStyle(name="any"), 10, settings, leaving_after(4))
    before = len(server.asked("/assets/"))
    collect(settings)

    assert before == 4
    assert len(server.asked("/assets/")) - before == 7


def test_where_nothing_answers_the_sentence_says_what_to_check(settings: Settings, server: WikiArt) -> None:
    server.fault("GET", "missing", 999)
    server.fault("POST", "missing", 999)

    with pytest.raises(NoData, match=r"WikiArt cannot be fetched: .* 0 of 10 pictures are here and kept\. Check"):
        collect(settings)


@pytest.mark.parametrize(
    ("asked", "hint"), [("impresionism", "Did you mean impressionism?"), ("Manga", "The choices are: abstract")]
)
def test_a_style_that_wikiart_does_not_have_is_refused_with_the_nearest(
    settings: Settings, asked: str, hint: str
) -> None:
    with pytest.raises(BadRequest, match=f"WikiArt's styles: There is no .*{hint.replace('?', '.')}"):
        collect(settings, art_style=asked)


def test_a_style_that_wikiart_is_known_not_to_have_is_refused_before_its_cost_is_told(settings: Settings) -> None:
    order = TrainStyle(name="any", art_style="impresionism")
    before = data.to_fetch(order, 10, settings)
    collect(settings, images=8)

    with pytest.raises(BadRequest, match="Did you mean impressionism"):
        data.to_fetch(order, 10, settings)

    assert before == 10 * wikiart.PICTURE_BYTES


def test_the_groups_with_the_fewest_bytes_for_a_picture_are_chosen() -> None:
    group = wikiart_groups.Group
    groups = [
        group("a", 0, 0, 1000, (3, 3, 1)),
        group("a", 1, 3, 100, (3, 1)),
        group("b", 0, 5, 150, (3, 3, 3)),
        group("b", 1, 8, 10, (1, 1)),
    ]

    chosen = wikiart_groups.cheapest(groups, style=3, count=4)

    assert [(g.shard, g.number) for g in chosen] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize(
    ("style", "expected"), [("Impressionism", "impressionist"), ("Baroque", "baroque"), ("Pop_Art", "pop art")]
)
def test_a_style_has_an_adjective_for_its_captions(style: str, expected: str) -> None:
    assert adjective(style) == expected


@pytest.mark.usefixtures("server")
def test_two_trainings_that_fetch_the_same_style_at_once_both_get_it(settings: Settings) -> None:
    with ThreadPoolExecutor(6) as several:
        found = list(several.map(lambda _: rows(collect(settings, images=16)), range(6)))

    assert all(each == found[0] for each in found)
    assert len(found[0]) == 16
