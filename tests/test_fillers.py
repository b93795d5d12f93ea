"""Photo fillers: an album, the project's drawings, and Flickr8k over a network that fails in every way it can."""

import errno
import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from engine.contract.approaches import Profile
from engine.contract.errors import BadRequest, DiskFull, NoFillers
from engine.fillers import PHOTO_SOURCES, PhotoSource, default_source, flickr8k, photo_source, ranged, remote
from engine.settings import Settings
from tests.stand_ins import flickr8k as stand_in
from tests.stand_ins.flickr8k import Flickr8kServer
from tests.stand_ins.loopback import Kind

BOX = 620


@pytest.fixture(scope="session")
def box() -> bytes:
    return stand_in.archive(BOX)


@pytest.fixture
def server(box: bytes) -> Iterator[Flickr8kServer]:
    with Flickr8kServer(box) as server:
        yield server


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were taken, without taking them."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The photos of the stand-in have a hundredth of the real ones' size, and so have the blocks."""
    monkeypatch.setattr(ranged, "BLOCK", 40 << 10)
    monkeypatch.setattr(ranged, "TAIL", 10 << 10)


def settings(tmp_path: Path, **more: str) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", **more)  # type: ignore[call-arg,arg-type]


def flickr(tmp_path: Path, server: Flickr8kServer) -> PhotoSource:
    return photo_source("flickr8k", settings(tmp_path, flickr8k_url=server.url_of_zip), "full")


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


def folder_with(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), (number, 0, 0)).save(folder / name)
    return folder


def kept(tmp_path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (tmp_path / "data/cache/flickr8k").glob("*.jpg")}


def expected() -> dict[str, bytes]:
    return {f"{1000 + number}_{number:010x}.jpg": stand_in.photo(number) for number in range(BOX)}


# Every source


@pytest.mark.parametrize("name", PHOTO_SOURCES)
@pytest.mark.parametrize("profile", ["full", "embedded"])
def test_a_source_that_has_nothing_names_the_setting_and_the_command(
    tmp_path: Path, name: str, profile: Profile
) -> None:
    source = photo_source(name, settings(tmp_path), profile)

    with pytest.raises(NoFillers, match="FILLERS") as raised:
        source.names()

    assert "python -m engine fetch" in str(raised.value)
    assert source.name == name
    assert source.licence.endswith(".")


def test_an_unknown_source_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="Did you mean album"):
        photo_source("albun", settings(tmp_path), "full")


def test_a_folder_of_ones_own_takes_the_place_of_photos_but_not_of_painted_fillers(tmp_path: Path) -> None:
    with_folder, without = settings(tmp_path, fillers=str(tmp_path)), settings(tmp_path)

    names = ["flickr8k", "album", "generated"]
    assert [default_source(name, with_folder) for name in names] == ["album", "album", "generated"]
    assert [default_source(name, without) for name in names] == names


# An album


def test_an_album_lists_its_pictures_by_relative_path_and_leaves_out_everything_else(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "mine", "b.png", "sub/a.JPG", "c.webp", ".hidden.png", ".git/x.png")
    (folder / "notes.txt").write_text("no picture")

    source = photo_source("album", settings(tmp_path, fillers=str(folder)), "full")
    source.fetch(quiet)

    assert source.names() == ["b.png", "c.webp", "sub/a.JPG"]


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "sub/../../secret.png", "C:\\x.png", "..\\x.png", ""])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder_with(tmp_path, "secret.png", "mine/a.png")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    with pytest.raises(NoFillers, match="is not a picture in the filler folder"):
        source.open(name)


def test_no_program_is_started_for_what_only_calls_itself_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    ghostscript.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    with pytest.raises(NoFillers, match="cannot be read"):
        source.open("a.jpg")

    assert not (tmp_path / "started").exists()


def test_a_wide_picture_is_cropped_to_its_centre_and_not_squeezed(tmp_path: Path) -> None:
    wide = Image.new("RGB", (90, 30), "red")
    wide.paste("blue", (30, 0, 60, 30))
    (tmp_path / "mine").mkdir()
    wide.save(tmp_path / "mine/wide.png")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    picture = source.open("wide.png")

    assert (picture.mode, picture.size) == ("RGB", (30, 30))
    assert picture.getcolors() == [(900, (0, 0, 255))]


def test_a_turned_photo_is_turned_upright_and_a_transparent_one_lies_on_white(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    turned = Image.new("RGB", (20, 20), "white")
    turned.paste("black", (0, 0, 20, 10))
    exif = Image.Exif()
    exif[0x0112] = 3  # EXIF orientation: upside down
    turned.save(tmp_path / "mine/turned.png", exif=exif)
    Image.new("LA", (10, 10), (0, 0)).save(tmp_path / "mine/clear.png")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    assert source.open("turned.png").getpixel((0, 0)) == (255, 255, 255)
    assert source.open("clear.png").getcolors() == [(100, (255, 255, 255))]


def test_sixteen_bits_of_grey_become_eight_without_turning_white(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.new("I;16", (10, 10), 32768).save(tmp_path / "mine/grey.png")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    assert source.open("grey.png").getcolors() == [(100, (128, 128, 128))]


@pytest.mark.parametrize("values", [np.float32([0, 0.25, 1]), np.int32([-5, 250_000, 1_000_000])])
def test_thirty_two_bits_of_grey_reach_from_black_to_white(tmp_path: Path, values: np.ndarray) -> None:
    (tmp_path / "mine").mkdir()
    Image.fromarray(np.tile(values, (3, 1))).save(tmp_path / "mine/grey.tif")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    grey = np.asarray(source.open("grey.tif"))[0, :, 0].tolist()

    assert grey == [0, 63, 255]


def test_a_pixel_that_is_no_number_leaves_the_others_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.fromarray(np.float32([[np.nan, 0.5], [np.inf, 1]])).save(tmp_path / "mine/grey.tif")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    assert np.asarray(source.open("grey.tif"))[:, :, 0].tolist() == [[0, 127], [0, 255]]


def test_a_cameras_photo_keeps_at_least_the_size_of_a_sheets_largest_picture(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.new("RGB", (4800, 3600), "teal").save(tmp_path / "mine/camera.jpg")
    source = photo_source("album", settings(tmp_path, fillers=str(tmp_path / "mine")), "full")

    side = source.open("camera.jpg").width

    assert 1024 <= side < 3600


def test_corrupt_pictures_are_named_and_never_picked(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "mine", *(f"{n}.png" for n in range(6)))
    (folder / "2.png").write_bytes(b"not a picture")
    (folder / "4.png").write_bytes((folder / "4.png").read_bytes()[:-30])
    source = photo_source("album", settings(tmp_path, fillers=str(folder)), "full")

    picked = source.pick(random.Random(1), 4)

    assert sorted(picked) == ["0.png", "1.png", "3.png", "5.png"]
    source.pick(random.Random(2), 6)
    assert sum("2.png" in warning for warning in source.warnings()) == 1
    assert sum("4.png" in warning for warning in source.warnings()) == 1


def test_a_picture_that_unpacks_to_something_enormous_counts_as_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path / "mine", "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    source = photo_source("album", settings(tmp_path, fillers=str(folder)), "full")

    with pytest.raises(NoFillers, match="None of the pictures"):
        source.pick(random.Random(1), 1)


def test_picks_are_different_and_the_same_generator_picks_the_same(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "mine", *(f"{n:02}.png" for n in range(60)))
    source = photo_source("album", settings(tmp_path, fillers=str(folder)), "full")

    picked = source.pick(random.Random(3), 48)

    assert len(set(picked)) == 48
    assert picked == source.pick(random.Random(3), 48) != source.pick(random.Random(4), 48)
    assert source.warnings() == []


def test_too_few_pictures_repeat_evenly_with_a_warning(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "mine", "a.png", "b.png", "c.png")
    source = photo_source("album", settings(tmp_path, fillers=str(folder)), "full")

    picked = source.pick(random.Random(1), 8)

    assert sorted(map(picked.count, ["a.png", "b.png", "c.png"])) == [2, 3, 3]
    assert "3 usable pictures for 8 places" in source.warnings()[0]


def test_the_embedded_profile_draws_its_own_album_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    source = photo_source("album", settings(tmp_path), "embedded")

    source.fetch(quiet)

    assert len(source.names()) == 200
    assert len(set(source.pick(random.Random(1), 192))) == 192


def test_a_full_disk_while_drawing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "mkdir", no_room)
    source = photo_source("album", settings(tmp_path), "embedded")

    with pytest.raises(DiskFull, match="DATA_DIR"):
        source.fetch(quiet)


def no_room(*args: object, **kwargs: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


# Flickr8k


def test_only_the_directory_and_one_run_of_500_photos_are_fetched(tmp_path: Path, server: Flickr8kServer) -> None:
    told: list[tuple[int, int]] = []
    source = flickr(tmp_path, server)

    source.fetch(lambda done, total: told.append((done, total)))

    photos, every = kept(tmp_path), list(expected().items())
    start = [name for name, _ in every].index(min(photos))
    assert photos == dict(every[start : start + 500])
    assert start > 0
    assert server.served < len(server.archive) * 0.9
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] == sum(map(len, photos.values()))


def test_afterwards_it_works_without_a_network_and_keeps_the_licence(tmp_path: Path, server: Flickr8kServer) -> None:
    flickr(tmp_path, server).fetch(quiet)
    server.log.clear()
    source = flickr(tmp_path, server)

    source.fetch(quiet)

    assert server.log == []
    assert source.open(source.pick(random.Random(1), 1)[0]).size == (16, 16)
    manifest = json.loads((tmp_path / "data/cache/flickr8k/manifest.json").read_text())
    assert manifest["source"] == server.url_of_zip
    assert manifest["licence"] == source.licence
    assert manifest["photos"] == source.names()


@pytest.mark.parametrize("kind", ["429", "503", "500", "cut", "truncated"])
@pytest.mark.parametrize("match", ["/releases/", "/store/"])
def test_a_passing_fault_ends_in_a_retry_that_succeeds(
    tmp_path: Path, server: Flickr8kServer, match: str, kind: Kind
) -> None:
    server.fault(match, kind, 3)

    flickr(tmp_path, server).fetch(quiet)

    assert len(kept(tmp_path)) == 500
    assert kept(tmp_path).items() <= expected().items()


def test_a_wait_that_the_server_asks_for_is_kept(tmp_path: Path, server: Flickr8kServer, waits: list[float]) -> None:
    server.retry_after = "7"
    server.fault("/store/", "429", 2)

    flickr(tmp_path, server).fetch(quiet)

    assert waits == [7.0, 7.0]


def test_a_cut_is_taken_up_where_it_happened(tmp_path: Path, server: Flickr8kServer) -> None:
    flickr(tmp_path / "whole", server).fetch(quiet)
    whole, server.served = server.served, 0

    for _ in range(3):
        server.fault("/store/", "cut", 1)
    flickr(tmp_path, server).fetch(quiet)

    # `served` counts what was meant to go out: a cut loses half of one answer, not the run so far.
    assert server.served < 1.5 * whole
    assert len(kept(tmp_path)) == 500


def test_a_silent_server_is_left_after_a_while(
    tmp_path: Path, server: Flickr8kServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "TIMEOUT_S", 0.05)
    server.fault("/releases/", "slow", 2)

    flickr(tmp_path, server).fetch(quiet)

    assert len(kept(tmp_path)) == 500


def test_an_address_that_ran_out_is_asked_for_anew(tmp_path: Path, server: Flickr8kServer) -> None:
    source = flickr(tmp_path, server)

    source.fetch(lambda done, total: server.expire() if done < total / 4 else None)

    assert len(kept(tmp_path)) == 500
    assert len(server.asked("/releases/")) > 1


@pytest.mark.parametrize("kind", ["429", "503", "cut", "missing", "gated"])
def test_a_lasting_fault_ends_in_a_sentence_with_the_setting_and_the_command(
    tmp_path: Path, server: Flickr8kServer, kind: Kind, waits: list[float]
) -> None:
    server.fault("GET", kind, 10_000)
    source = flickr(tmp_path, server)
    told: list[tuple[int, int]] = []

    with pytest.raises(NoFillers, match=r"FLICKR8K_URL.*python -m engine fetch.*FILLERS"):
        source.fetch(lambda done, total: told.append((done, total)))

    assert told == [(0, flickr8k.USUAL_BYTES)]
    assert kept(tmp_path) == {}
    assert len(server.log) <= 30
    assert sum(waits) < 120


def test_a_fetch_that_broke_off_goes_on_without_fetching_again_what_is_here(
    tmp_path: Path, server: Flickr8kServer
) -> None:
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flickr(tmp_path, server).fetch(stop)
    here, server.served = len(kept(tmp_path)), 0
    told: list[tuple[int, int]] = []
    flickr(tmp_path, server).fetch(lambda done, total: told.append((done, total)))

    assert 240 < here < 300
    assert len(kept(tmp_path)) == 500
    assert server.served < len(server.archive) * 0.55


def test_half_a_photo_is_never_left_under_its_name(
    tmp_path: Path, server: Flickr8kServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_after(20, monkeypatch), pytest.raises(DiskFull, match="DATA_DIR"):
        flickr(tmp_path, server).fetch(quiet)

    left = list((tmp_path / "data/cache/flickr8k").iterdir())
    assert kept(tmp_path).items() <= expected().items()
    assert len(kept(tmp_path)) == 20
    assert [file for file in left if file.suffix == ".part"] == []


@contextmanager
def full_after(files: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The disk takes `files` more files and half of the next one."""
    write, room = Path.write_bytes, iter(range(files))

    def some(file: Path, data: bytes) -> int:
        if next(room, None) is None:
            write(file, data[: len(data) // 2])
            no_room()
        return write(file, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", some)
        yield


def test_with_enough_photos_here_a_lost_network_is_only_a_warning(
    tmp_path: Path, server: Flickr8kServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_after(flickr8k.ENOUGH, monkeypatch), pytest.raises(DiskFull):
        flickr(tmp_path, server).fetch(quiet)
    server.fault("GET", "503", 10_000)
    source = flickr(tmp_path, server)

    source.fetch(quiet)

    assert len(source.pick(random.Random(1), 192)) == 192
    assert "chosen from 192 photos" in source.warnings()[0]


def test_a_photo_with_a_wrong_checksum_is_left_out_and_named(tmp_path: Path, box: bytes) -> None:
    harmed = bytearray(box)
    place = box.index(stand_in.photo(300))
    harmed[place + 100] ^= 0xFF
    with Flickr8kServer(bytes(harmed)) as server:
        source = flickr(tmp_path, server)
        source.fetch(quiet)

    name = list(expected())[300]
    assert len(kept(tmp_path)) == 499
    assert name not in kept(tmp_path)
    assert [name in warning for warning in source.warnings()] == [True]


def test_a_photo_that_was_damaged_on_its_way_is_fetched_once_more(tmp_path: Path, server: Flickr8kServer) -> None:
    source = flickr(tmp_path, server)
    first = iter([True])

    source.fetch(lambda done, total: server.fault("/store/", "garbled", 1) if next(first, False) else None)

    assert len(kept(tmp_path)) == 500
    assert source.warnings() == []


@pytest.mark.parametrize("sizes_follow", [False, True])
def test_a_server_without_ranges_is_read_from_the_start_up_to_500_photos(tmp_path: Path, sizes_follow: bool) -> None:
    with Flickr8kServer(stand_in.archive(BOX, sizes_follow=sizes_follow)) as server:
        server.fault("/store/", "no-ranges", 10_000)
        flickr(tmp_path, server).fetch(quiet)

    assert kept(tmp_path) == dict(list(expected().items())[:500])


@pytest.mark.parametrize("kind", ["cut", "truncated", "503"])
def test_a_stream_that_breaks_off_is_begun_again_and_keeps_what_came(
    tmp_path: Path, server: Flickr8kServer, kind: Kind
) -> None:
    server.fault("/store/", "no-ranges", 1)
    server.fault("/store/", kind, 2)
    server.fault("/store/", "no-ranges", 10_000)

    flickr(tmp_path, server).fetch(quiet)

    assert kept(tmp_path) == dict(list(expected().items())[:500])


def test_a_wrong_checksum_in_a_stream_is_noticed_too(tmp_path: Path, box: bytes) -> None:
    harmed = bytearray(box)
    harmed[box.index(stand_in.photo(3)) + 100] ^= 0xFF
    with Flickr8kServer(bytes(harmed)) as server:
        server.fault("/store/", "no-ranges", 10_000)
        source = flickr(tmp_path, server)
        source.fetch(quiet)

    assert list(expected())[3] not in kept(tmp_path)
    assert list(expected())[3] in source.warnings()[0]


def test_something_that_is_no_zip_is_named(tmp_path: Path) -> None:
    with Flickr8kServer(b"<html>moved</html>" * 100) as server, pytest.raises(NoFillers, match="is not a zip"):
        flickr(tmp_path, server).fetch(quiet)


def test_something_that_is_no_zip_is_named_without_ranges_too(tmp_path: Path) -> None:
    with Flickr8kServer(b"<html>moved</html>" * 100) as server:
        server.fault("/store/", "no-ranges", 10_000)

        with pytest.raises(NoFillers, match="does not begin like a zip"):
            flickr(tmp_path, server).fetch(quiet)


def test_a_zip_smaller_than_500_photos_gives_all_it_has(tmp_path: Path) -> None:
    with Flickr8kServer(stand_in.archive(40, padding=300)) as server:
        flickr(tmp_path, server).fetch(quiet)

    assert len(kept(tmp_path)) == 40
