"""The chat platforms: name → where the function is that makes it from the settings (None where it has no token)."""

PLATFORMS = {
    "console": "adapters.console:make",
    "slack": "adapters.slack:make",
    "discord": "adapters.discord:make",
    "web": "adapters.web:make",
}
