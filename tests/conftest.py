"""What all tests share: no settings of the machine they run on, and quiet libraries."""

import os

import pytest

from engine.settings import Settings

for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
    del os.environ[name]


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """The libraries' notes about torchvision are no part of what is tested."""
    from engine.quiet import quiet

    quiet()
