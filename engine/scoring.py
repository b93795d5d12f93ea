"""Scores any picture against a prompt, with a judge of its own on the processor; painters are not disturbed."""

import asyncio
import logging

from engine.apart import apart
from engine.contract.errors import TesseraError
from engine.contract.events import JobFailed, Progress
from engine.contract.scoring import Scored, ScorePicture
from engine.fetching import OnBytes, as_progress
from engine.opening import opened
from engine.planner import Planner
from engine.running import Running
from engine.score_picture import scored

log = logging.getLogger(__name__)

NO_PACKAGES = "This engine was installed without its judge. Install tessera[engine] and start it again."


class Scorings:
    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        # A large picture takes hundreds of megabytes while it is looked at.
        self._lock = asyncio.Lock()

    async def begin(self, running: Running, order: ScorePicture) -> None:
        """See one order through; whatever fails is told as its ending."""
        running.tell(Progress(done=0, total=1, phase="judging"))
        try:
            async with self._lock:
                if not running.alive:
                    return
                running.tell(await apart(self._score, order, as_progress(running.tell)))
        except TesseraError as error:
            running.fail(error)
        except ImportError:
            running.tell(JobFailed(reason="painting_failed", detail=NO_PACKAGES))
        except Exception as error:
            log.exception("a picture could not be scored", extra={"job": running.job.id})
            running.fail(error)

    def _score(self, order: ScorePicture, tell: OnBytes) -> Scored:
        return scored(opened(order.data), order.prompt, self._planner.profile, tell)
