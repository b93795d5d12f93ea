"""What the app is called and may do on Slack; `manifest.yml` says the same, and a test holds it to that."""

COMMANDS = ("/grid", "/compare", "/finetune", "/tessera")
BEHIND_TESSERA = ("show", "cell", "history", "queue", "cancel", "status", "styles", "settings", "mydata", "help")
"""Commands that are none of Slack's own: `/help` there is Slack's, and `/tessera help` is ours."""
EVENTS = ("app_home_opened", "app_mention", "message.im")
NEW_GRID = "new_grid"
GRID_FROM_THIS = "grid_from_this"
SCORE_THIS = "score_this"

SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "users:read",
    }
)
