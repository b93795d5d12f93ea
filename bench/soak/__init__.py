"""Does it stay up? People ask by the hundred through both platforms' stand-ins while a seeded plan breaks things."""
