"""How Discord says no: a status, a code, a sentence."""


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    return Refusal(400, 50035, f"Invalid Form Body: {message}")


def need(fits: object, message: str) -> None:
    if not fits:
        raise invalid(message)


UNAUTHORISED = Refusal(401, 0, "401: Unauthorized")
UNKNOWN_CHANNEL = Refusal(404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = Refusal(404, 10008, "Unknown Message")
UNKNOWN_WEBHOOK = Refusal(404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = Refusal(404, 10062, "Unknown interaction")
ACKNOWLEDGED = Refusal(400, 40060, "Interaction has already been acknowledged.")
TOO_LARGE = Refusal(413, 40005, "Request entity too large")
MISSING_ACCESS = Refusal(403, 50001, "Missing Access")
MISSING_RIGHTS = Refusal(403, 50013, "Missing Permissions")
NO_DIRECT = Refusal(403, 50007, "Cannot send messages to this user")
EMPTY = Refusal(400, 50006, "Cannot send an empty message")
NO_THREAD = Refusal(400, 50024, "Cannot execute action on this channel type")
ARCHIVED = Refusal(400, 50083, "Thread is archived")
LOCKED = Refusal(400, 160005, "This thread is locked")
TOO_MANY_THREADS = Refusal(400, 160006, "Maximum number of active threads reached")
THREAD_THERE = Refusal(400, 160004, "A thread has already been created for this message")
TOKEN_EXPIRED = Refusal(401, 50027, "Invalid Webhook Token")
