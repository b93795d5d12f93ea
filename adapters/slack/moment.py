"""What Slack hands out with one command or press and takes back soon: never stored, worthless after a restart."""

from typing import Any

import aiohttp
from slack_sdk.webhook.async_client import AsyncWebhookClient

_USES = 5


class Moment:
    """`trigger` opens one form within three seconds; `response_url` answers five times within thirty minutes."""

    def __init__(self, trigger: str | None, response_url: str | None = None) -> None:
        self.trigger, self._url, self._uses_left = trigger, response_url, _USES

    async def respond(self, content: dict[str, Any]) -> bool:
        """Show this to the person alone, also where the app is no member; False where Slack does not take it."""
        if not self._url or not self._uses_left:
            return False
        self._uses_left -= 1
        try:
            answer = await AsyncWebhookClient(self._url).send(response_type="ephemeral", **content)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        # a used-up address answers 404 and raises nothing
        return answer.status_code == 200  # noqa: PLR2004 - HTTP's own number for success
