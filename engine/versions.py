"""The versions that a picture may depend on, for recipes and cards."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("tessera", "torch", "diffusers", "transformers", "peft")


def versions() -> dict[str, str]:
    """Of the packages that are installed, by name."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
