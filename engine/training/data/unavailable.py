"""A way to pictures that leads nowhere at present; the next one is tried."""


class Unavailable(Exception):
    """Its text goes on after “WikiArt cannot be fetched: ”."""
