"""Where a job is answered on Slack, as plain data that fits into a database row."""

import json
from dataclasses import asdict, dataclass, fields, replace


@dataclass(frozen=True)
class Address:
    """`channel` is empty where only the person is known; `private`: answered in the direct messages with the person.

    `thread_ts` is the thread it was asked in; `empty`: one in which nobody had answered yet, where Slack shows no words
    for one person. `ts` is the job's own message once it is said, `key` the mark on it, `dm` the channel of the direct
    messages once it is open, `since` the Unix time before which nothing can be found.
    """

    team: str
    channel: str
    user: str
    since: float
    thread_ts: str | None = None
    ts: str | None = None
    key: str | None = None
    dm: str | None = None
    private: bool = False
    empty: bool = False

    @property
    def alone(self) -> bool:
        """Whether it was asked where nobody else reads along (the ids of direct messages begin with D)."""
        return not self.channel or self.channel.startswith("D")

    def under(self, ts: str) -> "Address":
        """In the thread of this message, be it one already or not."""
        return self if self.thread_ts else replace(self, thread_ts=ts, empty=True)

    def dump(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value not in (None, False)})

    @classmethod
    def load(cls, text: str) -> "Address":
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in names})


@dataclass(frozen=True)
class MessageId:
    """The id of a posted message with the files that were uploaded for it, so that both can be taken back."""

    channel: str
    ts: str
    files: tuple[str, ...] = ()

    def dump(self) -> str:
        return ":".join([self.channel, self.ts, ",".join(self.files)]).rstrip(":")

    @classmethod
    def load(cls, text: str) -> "MessageId":
        channel, ts, *files = text.split(":")
        return cls(channel, ts, tuple(files[0].split(",")) if files else ())
