"""The error of one way to fetch WikiArt's pictures that does not work at present; the next way is tried."""


class Unavailable(Exception):
    """Its text goes on after “WikiArt cannot be fetched: ”."""
