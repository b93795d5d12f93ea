"""A workspace in memory: channels, people, messages and files, with the habits of the real one. It knows no network."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.slack_rules import SHOWN, Json, Refused, check_blocks, check_text, check_view

TEAM, BOT_USER, BOT_ID, BOT_NAME = "T1", "UBOT", "B1", "tessera"


@dataclass
class Times:
    """In seconds, or in polls. `late`: how long a thread does not show a new message yet."""

    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 1800.0
    response_url_uses: int = 5
    late: float = 0.0
    mimetype_polls: int = 2
    shares_polls: int = 2
    page: int = 2


@dataclass
class Channel:
    id: str
    name: str
    kind: str = "public"  # public, private, im, mpim
    members: set[str] = field(default_factory=set)
    archived: bool = False
    threads: bool = True
    messages: list[Json] = field(default_factory=list)


@dataclass
class File:
    id: str
    name: str
    length: int
    alt: str = ""
    data: bytes = b""
    completed: bool = False
    polls: int = 0
    shares: dict[str, str] = field(default_factory=dict)
    polls_after_share: int = 0
    deleted: bool = False
    linked: str = ""
    """The address of a file that lies elsewhere, as somebody named it."""


class Workspace:
    """The methods of the Web API by their names with `_` for `.`; each takes arguments and returns Slack's answer."""

    def __init__(self, times: Times) -> None:
        self.times, self._skipped = times, 0.0
        self.users: dict[str, Json] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.triggers: dict[str, float] = {}
        self.views: list[Json] = []
        self.homes: dict[str, Json] = {}
        self.whispers: list[Json] = []
        self.base = ""
        self._numbers = itertools.count(1)
        self.add_user("U1", "ada")

    def now(self) -> float:
        return time.time() + self._skipped

    def pass_time(self, seconds: float) -> None:
        """Let the workspace's clock jump, without waiting."""
        self._skipped += seconds

    def number(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"

    def add_user(self, user: str, name: str, **rights: Any) -> None:
        self.users[user] = {
            "id": user,
            "name": name,
            "real_name": name.title(),
            "profile": {"display_name": ""},
            **rights,
        }

    def add_channel(self, channel: str, kind: str = "public", *, bot: bool = True, archived: bool = False) -> Channel:
        members = set(self.users) | ({BOT_USER} if bot else set())
        self.channels[channel] = Channel(channel, channel.lower(), kind, members, archived)
        return self.channels[channel]

    def trigger(self) -> str:
        made = self.number("trigger.")
        self.triggers[made] = self.now()
        return made

    def ready(self, file: str) -> bool:
        """Whether a message may show this file."""
        held = self.files.get(file)
        known = held is not None and held.completed and not held.deleted and held.polls >= self.times.mimetype_polls
        return known and self.filetype(held) in SHOWN if held else False

    @staticmethod
    def filetype(held: File) -> str:
        starts = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "webp", b"PK\x03\x04": "zip"}
        return next((kind for start, kind in starts.items() if held.data.startswith(start)), "binary")

    def auth_test(self, _: Json) -> Json:
        return {
            "url": self.base,
            "team": "team",
            "user": BOT_NAME,
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
        }

    def chat_postMessage(self, asked: Json) -> Json:  # noqa: N802 - Slack's name
        channel = self._writable(asked["channel"])
        # Under a message that is deleted and has no answers Slack refuses nothing, it posts into the channel
        # (slack-go/slack#1571). One that has answers leaves its thread behind.
        if asked.get("thread_ts") and not channel.threads:
            raise Refused("restricted_action_non_threadable_channel")
        thread = asked.get("thread_ts") if self._thread(channel, asked.get("thread_ts")) else None
        self._check(asked)
        message = self.add_message(channel, BOT_USER, asked["text"], thread, bot_id=BOT_ID)
        message |= {"blocks": asked.get("blocks", []), "metadata": asked.get("metadata")}
        message["_visible"] = self.now() + self.times.late
        channel.messages[-1] = message
        self._share(message, channel.id)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def chat_postEphemeral(self, asked: Json) -> Json:  # noqa: N802 - Slack's name
        channel = self._writable(asked["channel"])
        if asked["user"] not in channel.members:
            raise Refused("user_not_in_channel")
        self._check(asked)
        thread = asked.get("thread_ts")
        # In a thread that nobody has answered in yet, Slack takes it and shows it to nobody.
        if thread is None or any(each.get("thread_ts") == thread for each in channel.messages):
            self.whispers.append(dict(asked))
        return {"message_ts": self._ts()}

    def chat_update(self, asked: Json) -> Json:
        message = self._own(asked, "cant_update_message")
        self._check(asked)
        # nastier than Slack: an edit without the mark takes it off
        message |= {"text": asked["text"], "blocks": asked.get("blocks", []), "metadata": asked.get("metadata")}
        return {"channel": asked["channel"], "ts": message["ts"], "text": message["text"]}

    def chat_delete(self, asked: Json) -> Json:
        message = self._own(asked, "cant_delete_message")
        self.channels[asked["channel"]].messages.remove(message)
        return {"channel": asked["channel"], "ts": message["ts"]}

    def conversations_info(self, asked: Json) -> Json:
        channel = self._readable(asked["channel"])
        member = BOT_USER in channel.members
        seen = {"id": channel.id, "name": channel.name, "is_archived": channel.archived}
        seen |= (
            {"is_im": True}
            if channel.kind == "im"
            else {"is_private": channel.kind != "public", "is_mpim": channel.kind == "mpim", "is_member": member}
        )
        return {"channel": seen}

    def conversations_join(self, asked: Json) -> Json:
        channel = self._readable(asked["channel"])
        if channel.kind != "public":
            raise Refused("method_not_supported_for_channel_type")
        if channel.archived:
            raise Refused("is_archived")
        channel.members.add(BOT_USER)
        return {"channel": {"id": channel.id}}

    def conversations_open(self, asked: Json) -> Json:
        if asked["users"] not in self.users:
            raise Refused("user_not_found")
        return {"channel": {"id": self.direct(asked["users"]).id}}

    def direct(self, user: str) -> Channel:
        made = f"D{user}"
        return self.channels.setdefault(made, Channel(made, "directmessage", "im", {user, BOT_USER}))

    def conversations_replies(self, asked: Json) -> Json:
        channel = self._member_only(asked["channel"])
        if not self._thread(channel, asked["ts"]):
            raise Refused("thread_not_found")
        oldest = float(asked.get("oldest") or 0)
        replies = [each for each in channel.messages if each.get("thread_ts") == asked["ts"]]
        thread = [each for each in channel.messages if each["ts"] == asked["ts"]]
        thread += [each for each in replies if float(each["ts"]) > oldest]
        return self._page(thread, asked)

    def conversations_history(self, asked: Json) -> Json:
        channel = self._member_only(asked["channel"])
        oldest = float(asked.get("oldest") or 0)
        top = [each for each in channel.messages if not each.get("thread_ts") and float(each["ts"]) > oldest]
        # newest first; where only `oldest` is named, those next to it come first (slackhq/slack-api-docs#4)
        return self._page(top if oldest else top[::-1], asked)

    def files_getUploadURLExternal(self, asked: Json) -> Json:  # noqa: N802 - Slack's name
        if int(asked["length"]) < 1:
            raise Refused("invalid_arguments", "length")
        if len(asked.get("alt_txt") or "") > 1000:
            raise Refused("alt_txt_too_large")
        held = File(self.number("F"), asked["filename"], int(asked["length"]), asked.get("alt_txt") or "")
        self.files[held.id] = held
        return {"upload_url": f"{self.base}/upload/{held.id}", "file_id": held.id}

    def files_completeUploadExternal(self, asked: Json) -> Json:  # noqa: N802 - Slack's name
        for each in asked["files"]:
            held = self.files.get(each["id"])
            if held is None or held.completed or not held.data:
                raise Refused("file_not_found")
            held.completed = True
        return {"files": [{"id": each["id"], "title": each.get("title")} for each in asked["files"]]}

    def files_info(self, asked: Json) -> Json:
        held = self.files.get(asked["file"])
        if held is None or not held.completed:
            raise Refused("file_not_found")
        if held.deleted:
            raise Refused("file_deleted")
        held.polls += 1
        held.polls_after_share += bool(held.shares)
        known = held.polls >= self.times.mimetype_polls
        seen = {"id": held.id, "name": held.name, "size": len(held.data), "alt_txt": held.alt, "shares": {}}
        seen |= {"permalink": f"https://team.slack.com/files/{BOT_USER}/{held.id}/x"}
        seen |= {"url_private": held.linked or f"{self.base}/files-pri/{held.id}"}
        if known:
            seen |= {"mimetype": f"image/{self.filetype(held)}", "filetype": self.filetype(held)}
        if held.polls_after_share > self.times.shares_polls:
            seen["shares"] = {"public": {channel: [{"ts": ts}] for channel, ts in held.shares.items()}}
        return {"file": seen}

    def files_delete(self, asked: Json) -> Json:
        held = self.files.get(asked["file"])
        if held is None or held.deleted:
            raise Refused("file_not_found")
        held.deleted = True
        return {}

    def users_info(self, asked: Json) -> Json:
        if asked["user"] not in self.users:
            raise Refused("user_not_found")
        return {"user": self.users[asked["user"]]}

    def views_open(self, asked: Json) -> Json:
        made = self.triggers.get(asked["trigger_id"])
        if made is None:
            raise Refused("invalid_trigger_id")
        if made < 0:
            raise Refused("exchanged_trigger_id")
        if self.now() - made > self.times.trigger:
            raise Refused("expired_trigger_id")
        check_view(asked["view"], self.ready)
        self.triggers[asked["trigger_id"]] = -1.0
        view = asked["view"] | {"id": self.number("V")}
        self.views.append(view)
        return {"view": view}

    def views_publish(self, asked: Json) -> Json:
        if asked["view"].get("type") != "home":
            raise Refused("invalid_arguments", "only a home view can be published")
        check_view(asked["view"], self.ready)
        self.homes[asked["user_id"]] = asked["view"] | {"id": self.number("V")}
        return {"view": self.homes[asked["user_id"]]}

    def add_message(self, channel: Channel, user: str, text: str, thread: str | None = None, **more: Any) -> Json:
        message: Json = {"type": "message", "user": user, "text": text, "ts": self._ts(), **more}
        message |= {"thread_ts": thread} if thread else {}
        channel.messages.append(message)
        return message

    def share(self, channel: Channel, user: str, data: bytes, text: str = "", name: str = "picture.png") -> Json:
        """Somebody's message with a file in it."""
        held = File(self.number("F"), name, len(data), data=data, completed=True)
        self.files[held.id] = held
        return self.add_message(channel, user, text, files=[{"id": held.id, "name": name, "mimetype": "image/png"}])

    def _ts(self) -> str:
        return f"{int(self.now())}.{next(self._numbers):06d}"

    def _check(self, asked: Json) -> None:
        check_text(asked.get("text", ""), asked.get("blocks"))
        check_blocks(asked.get("blocks") or [], self.ready)
        mark = asked.get("metadata")
        if mark and not (mark.get("event_type") and isinstance(mark.get("event_payload"), dict)):
            raise Refused("invalid_metadata_format")

    def _share(self, message: Json, channel: str) -> None:
        for held in self.files.values():
            shown = any((block.get("slack_file") or {}).get("id") == held.id for block in message["blocks"])
            if shown or f"/{held.id}/" in message["text"]:
                held.shares[channel] = message["ts"]

    def _readable(self, name: str) -> Channel:
        channel = self.channels.get(name)
        if channel is None or (channel.kind != "public" and BOT_USER not in channel.members):
            raise Refused("channel_not_found")
        return channel

    def _member_only(self, name: str) -> Channel:
        channel = self._readable(name)
        if BOT_USER not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _writable(self, name: str) -> Channel:
        channel = self._member_only(name)
        if channel.archived:
            raise Refused("is_archived")
        return channel

    @staticmethod
    def _thread(channel: Channel, ts: str | None) -> bool:
        return ts is not None and any(ts in (each["ts"], each.get("thread_ts")) for each in channel.messages)

    def _own(self, asked: Json, refused: str) -> Json:
        channel = self._readable(asked["channel"])
        found = next((each for each in channel.messages if each["ts"] == asked["ts"]), None)
        if found is None:
            raise Refused("message_not_found")
        if found["user"] != BOT_USER:
            raise Refused(refused)
        return found

    def _page(self, messages: list[Json], asked: Json) -> Json:
        """Small pages, and without the metadata unless it is asked for."""
        visible = [each for each in messages if each.get("_visible", 0) <= self.now()]
        start = int(asked.get("cursor") or 0)
        page = [{name: each[name] for name in each if name != "_visible"} for each in visible]
        page = page[start : start + min(self.times.page, int(asked.get("limit") or 100))]
        if str(asked.get("include_all_metadata", "")).lower() not in ("1", "true"):
            page = [{name: value for name, value in each.items() if name != "metadata"} for each in page]
        after = start + len(page)
        cursor = str(after) if after < len(visible) else ""
        return {"messages": page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}
