"""The bot: hears commands, keeps every job in SQLite, lends it to the engine and delivers the sheet once."""
