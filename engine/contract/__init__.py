"""The contract of bot and engine: plain data, without torch. All of the engine that the bot may import."""
