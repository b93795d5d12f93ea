"""Every time in this adapter, in seconds, so that tests can hand in short ones."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """`ack` stays under Slack's three seconds; `settle` is how late a thread may show a message that was posted.

    `picture` is how long a job's own message keeps a picture before a newer one takes its place.
    """

    ack: float = 2.5
    person: float = 1.0
    person_kept: float = 600.0
    settle: float = 3.0
    poll: float = 0.5
    picture: float = 20.0
    processing: float = 60.0
    retry: float = 0.5
    backoff: float = 1.0
    backoff_most: float = 60.0
    ping: float = 5.0
    silence: float = 60.0
    sorry: tuple[float, ...] = (1.0, 2.0, 5.0, 15.0, 30.0)
