"""An engine whose painter hangs in its third step, with an impatient watchdog: `python -m tests.hanging_engine`."""

import asyncio
import threading

from engine import serve, setup, watchdog
from engine.contract.jsonlog import log_json
from engine.painter import FakePainter, Pixels
from engine.settings import Settings


class Hanging(FakePainter):
    """Blocks a thread for ever, as a device does."""

    steps = 0

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        self.steps += 1
        if self.steps > 2:
            await asyncio.to_thread(threading.Event().wait)
        return await super().step(wave, preview=preview)


if __name__ == "__main__":
    watchdog.LEAST_SECONDS, watchdog.LOOK_SECONDS = 0.4, 0.1
    setup._painter = lambda *_, **__: (Hanging(), "a painter that hangs")  # type: ignore[assignment]
    settings = Settings()
    log_json(settings)
    asyncio.run(serve.serve(settings))
