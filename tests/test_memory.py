"""The C library is told how to keep memory where it can be; what that gives is measured in bench/."""

import ctypes
import platform
import sys
from collections.abc import Callable

import pytest

from engine.contract.memory import keep_freed_memory, keep_heap_small

both = pytest.mark.parametrize("tell", [keep_freed_memory, keep_heap_small])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="settings of glibc")
@both
def test_glibc_takes_every_number(tell: Callable[[], bool]) -> None:
    # It answers 0 to a number that is too large.
    assert tell()


@both
def test_another_c_library_is_left_alone(tell: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    monkeypatch.setattr(sys, "platform", "linux")

    assert not tell()


@both
def test_another_system_is_left_alone(tell: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not tell()
