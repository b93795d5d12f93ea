"""The Discord adapter: the unmodified discord.py against the stand-in, over loopback."""
