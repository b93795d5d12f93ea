"""Which rights the bot needs where, and a sentence for those that it does not have."""

import discord

READABLE = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
}
FOR_THREADS = ("create_public_threads", "send_messages_in_threads")
NOT_IN_THREAD = "I am not in this private thread. Mention me in it, which invites me, and ask again."


def missing_to_post(rights: discord.Permissions, *, in_thread: bool) -> list[str]:
    """The names, as Discord shows them, of the rights without which a result cannot be posted."""
    send = "send_messages_in_threads" if in_thread else "send_messages"
    return _missing(rights, ("view_channel", send, "attach_files", "read_message_history"))


def missing_for_threads(rights: discord.Permissions) -> list[str]:
    return _missing(rights, FOR_THREADS)


def posting_sentence(missing: list[str]) -> str:
    return (
        f"I could not post the result here: I am missing {_permissions(missing)}. "
        "A moderator can change that in this channel's settings, under Permissions."
    )


def threads_sentence(missing: list[str]) -> str:
    return f"This is not in a thread because I am missing {_permissions(missing)}."


def _permissions(missing: list[str]) -> str:
    return ("the permission " if len(missing) == 1 else "the permissions ") + " and ".join(
        f"“{name}”" for name in missing
    )


def _missing(rights: discord.Permissions, names: tuple[str, ...]) -> list[str]:
    if rights.administrator:
        return []
    return [READABLE[name] for name in names if not getattr(rights, name)]
