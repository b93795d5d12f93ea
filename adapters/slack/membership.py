"""Whether an answer can be posted in a channel: joined where the app may join, else the exact words to type."""

from adapters.slack.scopes import SCOPES
from adapters.slack.web import Web
from bot.errors import DeliveryError, NoRights, PlatformAway

_ELSEWHERE = "I am not in this conversation. Ask me in a channel, or send me a direct message."


async def missing_right(web: Web, channel: str) -> str | None:
    """None, or one sentence that says what is missing and how to give it. No `channel`: the person's direct messages.

    Raises PlatformAway where Slack does not say.
    """
    missing_scopes = sorted(SCOPES - web.me.scopes) if web.me.scopes is not None else []
    if missing_scopes:
        names = ", ".join(f"`{scope}`" for scope in missing_scopes)
        return f"The app lacks {names}. Add this under OAuth & Permissions at api.slack.com/apps and reinstall the app."
    if not channel:
        return None
    try:
        conversation = (await web.call("conversations_info", channel=channel))["channel"]
    except NoRights:
        return _ELSEWHERE if channel.startswith("D") else _invite(web)
    if conversation.get("is_archived"):
        return "This channel is archived, so nothing can be posted in it."
    if conversation.get("is_member") or conversation.get("is_im"):
        return None
    return _invite(web) if conversation.get("is_private") else await _join(web, channel)


async def _join(web: Web, channel: str) -> str | None:
    try:
        await web.call("conversations_join", channel=channel)
    except PlatformAway:
        raise
    except DeliveryError:
        return _invite(web)
    return None


def _invite(web: Web) -> str:
    return f"I am not in this channel. Type `/invite @{web.me.name}` here and ask again."
