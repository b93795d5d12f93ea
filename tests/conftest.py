"""What all tests share: no settings of the machine they run on."""

import os
from pathlib import Path

import pytest

from engine.settings import Settings

for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
    del os.environ[name]

# Ray reads these when it is imported: loopback instead of the outward address, a token, nothing told to anybody.
os.environ |= {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "a-token-for-tests-and-for-nothing-else",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
os.environ.pop("RAY_ADDRESS", None)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for all engines of a run, so that the filler drawings are made once."""
    return tmp_path_factory.mktemp("home")
