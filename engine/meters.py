"""What /metrics shows, in Prometheus' format."""

import asyncio
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.engine import Engine


class Meters(Collector):
    """Reads the engine when asked; counts nothing by itself."""

    def __init__(self, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        self._engine = engine
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        jobs = [running for running in self._engine.jobs.values() if running.alive]
        yield GaugeMetricFamily("tessera_engine_tasks", "asyncio tasks that are alive", value=len(asyncio.all_tasks()))
        yield GaugeMetricFamily("tessera_engine_kept", "jobs that are remembered", value=len(self._engine.jobs))
        yield GaugeMetricFamily("tessera_engine_jobs", "jobs that are alive", value=len(jobs))
        missing = sum(running.missing for running in jobs)
        yield GaugeMetricFamily("tessera_engine_pictures_waiting", "pictures still to be painted", value=missing)
        counts = self._engine.counts
        yield CounterMetricFamily("tessera_engine_pictures", "pictures finished", value=counts.pictures)
        yield CounterMetricFamily("tessera_engine_waves", "waves painted", value=counts.waves)
        yield CounterMetricFamily("tessera_engine_failures", "jobs that failed", value=counts.failures)
        painters = len(self._engine.pool.painters)
        yield GaugeMetricFamily("tessera_engine_painters", "painters that are here", value=painters)
        yield CounterMetricFamily(
            "tessera_engine_painters_lost",
            "painters lost while they painted",
            value=self._engine.setbacks.painters_lost,
        )
        for name, size in self._engine.pool.memory().items():
            yield GaugeMetricFamily(f"tessera_engine_memory_{name}_bytes", f"device memory, {name}", value=size)
