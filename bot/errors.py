"""What can go wrong between a person and the core.

BotError
├── BadCommand        it cannot be understood; the text says what would be right
│   └── NoCommand     it names no command, nor nearly one
├── Refused           understood, but not allowed or over a limit; told privately
└── DeliveryError
    ├── TooLarge      the file is too large for the destination: send a smaller one
    ├── NoRights      the bot may not post there; the text names the right
    ├── Gone          the channel or message is no more
    └── PlatformAway  cut, refused, 5xx or limited: try again later
"""


class BotError(Exception):
    """A failure with a sentence for the person who asked."""


class BadCommand(BotError):
    pass


class NoCommand(BadCommand):
    def __init__(self, sentence: str, words: str) -> None:
        """`words` are all that was said."""
        super().__init__(sentence)
        self.words = words


class Refused(BotError):
    pass


class DeliveryError(BotError):
    pass


class TooLarge(DeliveryError):
    pass


class NoRights(DeliveryError):
    pass


class Gone(DeliveryError):
    pass


class PlatformAway(DeliveryError):
    pass
