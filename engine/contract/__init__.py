"""The contract between bot and engine: plain data, without torch. The only part of the engine that the bot may import."""
