"""What comes before a training's first piece: orders are refused or their pictures fetched, then the guest gets them.

None of this needs the device, so it runs in threads beside the painting.
"""

import asyncio
import logging
import threading
from collections.abc import Callable

from engine.apart import apart
from engine.contract.approaches import Profile
from engine.contract.errors import BadRequest, Cancelled, TesseraError
from engine.contract.events import JobFailed, Progress
from engine.contract.training import Estimated, EstimateTraining, TrainStyle
from engine.fetching import OnBytes, as_progress
from engine.guest import Guest
from engine.running import Running
from engine.settings import Settings
from engine.training_run import Work

log = logging.getLogger(__name__)

CANCELLED = "The training was cancelled before it began."
NO_PACKAGES = "This engine was installed without what training needs. Install tessera[engine] and start it again."


class Trainings:
    """`wake` tells the engine's loop that there is something to do."""

    def __init__(self, settings: Settings, profile: Profile, guest: Guest, wake: Callable[[], None]) -> None:
        self._settings, self._profile = settings, profile
        self._guest, self._wake = guest, wake
        self._fetching: dict[str, threading.Event] = {}
        self._by_name: dict[str, Running] = {}

    async def begin(self, running: Running) -> None:
        """Hand a training to the guest, or answer an estimate."""
        order = running.job.work
        try:
            if isinstance(order, EstimateTraining):
                running.tell(await asyncio.to_thread(self._estimate, order))
            elif isinstance(order, TrainStyle):
                self._claim(running, order.name)
                self._guest.invite(running, await self._fetched(running, order))
                self._wake()
        except TesseraError as error:
            running.fail(error)
        except ImportError:
            running.tell(JobFailed(reason="training_failed", detail=NO_PACKAGES))
        except Exception as error:
            log.exception("training could not be prepared", extra={"job": running.job.id})
            running.fail(error, "training_failed")

    def cancel(self, running: Running) -> None:
        """A training that has begun ends with its best epoch, one that has not ends at once."""
        job = running.job.id
        if self._guest.cancel(job):
            self._wake()
            return
        if job in self._fetching:
            self._fetching[job].set()
        running.tell(JobFailed(reason="cancelled", detail=CANCELLED))

    def _claim(self, running: Running, name: str) -> None:
        """Two trainings of one name would write over each other's checkpoints. Raises BadRequest."""
        other = self._by_name.get(name)
        if other and other.alive:
            raise BadRequest(
                f"The style “{name}” is already being trained, as {other.job.id}. Choose another name, or wait until"
                " that has ended."
            )
        self._by_name = {style: training for style, training in self._by_name.items() if training.alive} | {
            name: running
        }

    async def _fetched(self, running: Running, order: TrainStyle) -> Work:
        """The training with its pictures; progress is told from the thread that fetches."""
        report, job = as_progress(running.tell), running.job.id
        cancelled = self._fetching[job] = threading.Event()

        def watch(done: int, total: int) -> None:
            if cancelled.is_set():
                raise Cancelled(CANCELLED)
            report(done, total)

        running.tell(Progress(done=0, total=1, phase="fetching"))
        try:
            work = await apart(self._prepare, job, order, watch)
        finally:
            # The same id may have been posted again meanwhile.
            if self._fetching.get(job) is cancelled:
                del self._fetching[job]
        if not running.alive:
            raise Cancelled(CANCELLED)
        return work

    def _prepare(self, job: str, order: TrainStyle, watch: OnBytes) -> Work:
        from engine.training.prepare import prepare

        return prepare(job, order, self._settings, self._profile, watch)

    def _estimate(self, order: EstimateTraining) -> Estimated:
        from engine.training.estimate import estimate

        return estimate(order.training, self._settings, self._profile)
