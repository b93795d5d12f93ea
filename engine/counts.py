"""What an engine has done since its start, for its numbers."""

from dataclasses import dataclass


@dataclass
class Counts:
    pictures: int = 0
    waves: int = 0
    failures: int = 0
    cut_ins: int = 0
    """Waves of short jobs, painted between two steps of another."""
