"""What the bot counts about itself, as Prometheus text. No prompt and no person is in it."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest


class Numbers:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.heard = Counter("tessera_heard_total", "commands and presses", ["platform"], registry=self.registry)
        self.ended = Counter("tessera_jobs_total", "jobs by how they ended", ["ending"], registry=self.registry)
        self.pictures = Counter("tessera_pictures_total", "pictures kept", registry=self.registry)
        self.edits = Gauge("tessera_edits", "progress edits made", ["platform"], registry=self.registry)
        self.alive = Gauge("tessera_jobs_alive", "jobs by state", ["state"], registry=self.registry)
        self.oldest = Gauge("tessera_oldest_waiting_seconds", "age of the oldest waiting job", registry=self.registry)
        self.engine_up = Gauge("tessera_engine_up", "1 while an engine answers", registry=self.registry)
        self.disk = Gauge("tessera_pictures_bytes", "bytes of kept pictures", registry=self.registry)
        self.tasks = Gauge("tessera_tasks", "asyncio tasks that are alive", registry=self.registry)
        # Memory and open files, where the system tells them.
        ProcessCollector(registry=self.registry)
        self.acknowledged = Histogram(
            "tessera_acknowledged_seconds", "from a command to its acknowledgement", registry=self.registry
        )

    def as_text(self) -> bytes:
        """Asked for inside the event loop, whose tasks are counted."""
        self.tasks.set(len(asyncio.all_tasks()))
        return generate_latest(self.registry)
