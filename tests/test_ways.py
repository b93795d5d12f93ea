"""Two of the three ways to run, as the README shows them; the third, a cluster, is in test_cluster.py."""

import socket
from pathlib import Path

from tests import ways


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_on_one_machine_the_bot_alone_starts_what_it_needs(tmp_path: Path) -> None:
    try:
        printed = ways.from_console(tmp_path, ENGINE_PAINTERS="fake")
    finally:
        ways.end(tmp_path)

    assert "Score" in printed
    assert len(list((tmp_path / "console").glob("*.png"))) == 1
    assert len(ways.engines(tmp_path)) == 1


def test_the_bot_here_and_the_engine_there_need_an_address_and_a_token_in_common(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    place = f"127.0.0.1:{free_port()}"
    with ways.engine(there, ENGINE_LISTEN=place, ENGINE_TOKEN="secret", ENGINE_PAINTERS="fake"):
        printed = ways.from_console(here, ENGINE_URL=f"http://{place}", ENGINE_TOKEN="secret")

    assert "Score" in printed
    assert len(list((here / "console").glob("*.png"))) == 1
    # Neither process has anything of the other's on its disk.
    assert not (here / "engine.log").exists()
    assert not (there / "history.sqlite").exists()
