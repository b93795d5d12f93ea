"""What Slack and its client libraries answer when something fails, translated into the core's errors by one table."""

import asyncio

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.errors import BotError, DeliveryError, Gone, NoRights, PlatformAway, TooLarge


class NeverWorks(BotError, ValueError):
    """These settings cannot work, however often they are tried."""


class TokenRefused(NoRights):
    """The token itself is refused: nothing will work until it is replaced."""


class TriggerSpent(DeliveryError):
    """A form can be opened only within three seconds of a press, and once."""


class BadBlocks(DeliveryError):
    """The layout of a message is refused, or shows an uploaded picture that Slack has not finished with."""


class NoThread(NoRights):
    """No answer can stand under this message; in the channel it can."""


_TOKEN = (TokenRefused, "Slack refuses the token ({code}). Copy a fresh one from the app's page at api.slack.com/apps.")
_INVITE = (NoRights, "I am not in this channel. Type `/invite @{bot}` there and ask again.")
_READ_ONLY = (NoRights, "Apps may not post in this channel ({code}). A workspace admin can allow it.")
_UNTHREADED = (NoThread, "Slack accepts no replies under that message ({code}).")
_SHARED = (NoRights, "An admin has switched off files in channels shared with other workspaces ({code}).")
_FORBIDDEN = (NoRights, "Slack does not allow the app to do that here ({code}).")
_NOBODY = (Gone, "This person is no longer in the workspace.")
_LIMITED = (PlatformAway, "Slack asks to wait before the next message.")
_BROKEN = (PlatformAway, "Slack had an internal error ({code}).")
_LARGE = (TooLarge, "The file or message is too large for Slack ({code}).")
_GONE = (Gone, "The message no longer exists ({code}).")

# https://docs.slack.dev/reference/methods: the "Errors" table of each method that is called here
ANSWERS: dict[str, tuple[type[DeliveryError], str]] = {
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "not_allowed_token_type": _TOKEN,
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,
    "user_not_in_channel": (NoRights, "Only members of the channel can read this."),
    "missing_scope": (NoRights, "The app lacks the scope `{needed}`. Add it under OAuth & Permissions and reinstall."),
    "no_permission": (NoRights, "The app may not do that in this workspace (no_permission)."),
    "restricted_action": _READ_ONLY,
    "restricted_action_read_only_channel": _READ_ONLY,
    "restricted_action_thread_only_channel": _READ_ONLY,
    "restricted_action_non_threadable_channel": _UNTHREADED,
    "restricted_action_thread_locked": _UNTHREADED,
    "cannot_reply_to_message": _UNTHREADED,
    "access_denied": _FORBIDDEN,
    "accesslimited": _FORBIDDEN,
    "ekm_access_denied": _FORBIDDEN,
    "team_access_not_granted": _FORBIDDEN,
    "is_inactive": (NoRights, "This channel is frozen or archived, so nothing can be changed in it."),
    "messages_tab_disabled": (NoRights, "Direct messages to the app are off; switch on its Messages Tab (App Home)."),
    "slack_connect_file_link_sharing_blocked": _SHARED,
    "slack_connect_file_upload_sharing_blocked": _SHARED,
    "slack_connect_blocked_file_type": _SHARED,
    "is_archived": (NoRights, "This channel is archived, so nothing can be posted in it."),
    "file_uploads_disabled": (NoRights, "Uploading files is switched off in this workspace; an admin can allow it."),
    "storage_limit_reached": (NoRights, "The workspace's file storage is full."),
    "cannot_dm_bot": (NoRights, "Slack does not let apps write to other apps."),
    "method_not_supported_for_channel_type": (
        NoRights,
        "Slack does not let apps do that in this kind of conversation.",
    ),
    "file_too_large": _LARGE,
    "file_upload_size_restricted": _LARGE,
    "msg_too_long": _LARGE,
    "msg_blocks_too_long": _LARGE,
    "message_not_found": _GONE,
    "thread_not_found": _GONE,
    "cant_update_message": _GONE,
    "cant_delete_message": _GONE,
    "edit_window_closed": _GONE,
    "file_not_found": _GONE,
    "file_deleted": _GONE,
    "user_not_found": _NOBODY,
    "user_disabled": _NOBODY,
    "user_not_visible": _NOBODY,
    "ratelimited": _LIMITED,
    "rate_limited": _LIMITED,
    "message_limit_exceeded": _LIMITED,
    "internal_error": _BROKEN,
    "fatal_error": _BROKEN,
    "request_timeout": _BROKEN,
    "service_unavailable": _BROKEN,
    "team_added_to_org": _BROKEN,
    "org_login_required": _BROKEN,
    "external_channel_migrating": _BROKEN,
    "update_failed": _BROKEN,
    "invalid_blocks": (BadBlocks, "Slack refuses the layout of this message ({code})."),
    "expired_trigger_id": (TriggerSpent, "Slack lets a form open only within three seconds of a press."),
    "exchanged_trigger_id": (TriggerSpent, "This press has opened its form already."),
    "invalid_trigger_id": (TriggerSpent, "This press cannot open a form."),
    "trigger_expired": (TriggerSpent, "Slack lets a form open only within three seconds of a press."),
    "trigger_exchanged": (TriggerSpent, "This press has opened its form already."),
}

FOREIGN = (SlackApiError, SlackRequestError, aiohttp.ClientError, asyncio.TimeoutError, OSError)


def translate(error: Exception, bot: str) -> DeliveryError:
    """The core's error for one of FOREIGN; `bot` is the name by which people invite the app."""
    if isinstance(error, SlackApiError):
        return _of_answer(error, bot)
    return PlatformAway(f"Slack could not be reached ({type(error).__name__}).")


def _of_answer(error: SlackApiError, bot: str) -> DeliveryError:
    # the answer of a proxy or of a broken server is a page of HTML: a text here, or nothing
    data = getattr(error.response, "data", None)
    status = getattr(error.response, "status_code", 0)
    if not isinstance(data, dict) or "error" not in data or status >= 500:  # noqa: PLR2004 - HTTP's own number for a fault of the server
        return PlatformAway(f"Slack answered with status {status}.")
    code = str(data["error"])
    kind, sentence = ANSWERS.get(code, (DeliveryError, "Slack refused this ({code})."))
    return kind(sentence.format(code=code, bot=bot, needed=data.get("needed", "?")))
