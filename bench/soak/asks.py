"""What people asked for and what came of it, as they see it. It knows no platform."""

import time
from dataclasses import dataclass, field


@dataclass
class Ask:
    """`mark` stands in the prompt of an order, so that its sheet is recognised. Times are seconds since the start.

    `acknowledged`: the platform showed that it was heard; where not, the person may ask again with another mark.
    """

    platform: str
    person: str
    what: str
    mark: str
    at: float
    acknowledged: bool = False
    answered: float | None = None


@dataclass(frozen=True)
class Sheet:
    platform: str
    job: str
    mark: str
    at: float


@dataclass
class Asks:
    """`now` counts from the start of the soak."""

    start: float = field(default_factory=time.monotonic)
    all: list[Ask] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    ended: int = 0

    def now(self) -> float:
        return time.monotonic() - self.start

    def add(self, platform: str, person: str, what: str, mark: str = "") -> Ask:
        self.all.append(Ask(platform, person, what, mark, self.now()))
        return self.all[-1]

    def next_sheet(self, platforms: tuple[str, ...], after: float) -> float | None:
        """When the first sheet came to one of these platforms after this moment."""
        return next((sheet.at for sheet in self.sheets if sheet.at > after and sheet.platform in platforms), None)
