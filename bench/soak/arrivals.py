"""What has arrived in the chats so far, found as it comes: each look reads only what is new or may still change."""

from collections import defaultdict
from typing import Any

from bench.soak.asks import Asks, Sheet
from bench.soak.shown import Shown, of_discord, of_slack
from tests.stand_ins.discord_server import DiscordServer, Posted
from tests.stand_ins.slack_server import SlackServer


class Arrivals:
    """By mark: `sheets` are messages with a finished sheet, `own` are jobs' own messages, edited where they stand."""

    def __init__(self, discord: DiscordServer, slack: SlackServer, asks: Asks) -> None:
        self._discord, self._slack, self._asks = discord, slack, asks
        self.sheets: defaultdict[str, list[Any]] = defaultdict(list)
        self.own: defaultdict[str, list[Any]] = defaultdict(list)
        self.answers: defaultdict[int, list[Posted]] = defaultdict(list)
        self._unread: dict[int, Posted] = {}
        self._done: set[str] = set()
        self._last = 0
        self._read: defaultdict[str, int] = defaultdict(int)

    def look(self) -> None:
        """Take in what came since the last look."""
        self._look_at_discord()
        for channel in list(self._slack.space.channels.values()):
            for message in channel.messages[self._read[channel.id] :]:
                if message.get("bot_id"):
                    self._sort(of_slack(message), message)
            self._read[channel.id] = len(channel.messages)

    def failed(self, mark: str) -> int:
        """How many jobs with this mark say now why they have no sheet."""
        return sum((of_discord(each) if isinstance(each, Posted) else of_slack(each)).failed for each in self.own[mark])

    def _look_at_discord(self) -> None:
        newest = self._last
        for number in reversed(self._discord.state.posted):
            if number <= self._last:
                break
            newest = max(newest, number)
            posted = self._unread[number] = self._discord.state.posted[number]
            if posted.told is not None:
                self.answers[posted.told].append(posted)
        self._last = newest
        # Where there can be no thread, a job's own message becomes the sheet.
        self._unread = {number: posted for number, posted in self._unread.items() if not self._read_through(posted)}

    def _read_through(self, posted: Posted) -> bool:
        """Sort it; whether nothing can come of it any more."""
        shown = of_discord(posted)
        if not posted.loading:
            self._sort(shown, posted)
        return not posted.loading and (shown.private or shown.sheet or shown.job in self._done)

    def _sort(self, shown: Shown, message: Any) -> None:
        if shown.sheet and shown.mark:
            self._done.add(shown.job)
            self.sheets[shown.mark].append(message)
            self._asks.sheets.append(Sheet(shown.platform, shown.job, shown.mark, self._asks.now()))
        elif shown.own and not any(known is message for known in self.own[shown.mark]):
            self.own[shown.mark].append(message)
