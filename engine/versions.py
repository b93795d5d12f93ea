"""The versions that a picture may depend on, for recipes, cards and benchmarks."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("tessera", "torch", "diffusers", "transformers", "peft")


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Of those that are installed, by name: a machine with a card brings its own PyTorch and not all of the rest."""
    installed = {}
    for package in packages:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed
