"""Ids of jobs: short enough to be typed, too many to be guessed."""

import secrets

# Crockford's base 32: no i, l, o or u, so that an id read aloud or from a picture is not mistaken.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PATTERN = f"^[{ALPHABET}]{{10,26}}$"


def new_id() -> str:
    """Ten characters, 50 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10))
