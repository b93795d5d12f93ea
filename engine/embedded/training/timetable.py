"""Runs the stages: those that keep one core busy beside each other, each in a process of its own."""

import logging
import multiprocessing
import sys
from multiprocessing.connection import wait

from engine.embedded.training.stages import ALL_CORES, STAGES, finished, forget, make, tell_news
from engine.embedded.training.workshop import Workshop
from engine.quiet import quiet

_log = logging.getLogger(__name__)
_FRESH = multiprocessing.get_context("spawn")
Process = multiprocessing.context.SpawnProcess


class StageFailed(Exception):
    """Its own process has told why."""


def run(workshop: Workshop, only: str | None = None) -> None:
    """All stages that are not finished, or one stage anew. Raises StageFailed."""
    if only:
        forget(workshop, only)
    waiting = [only] if only else [name for name in STAGES if not finished(workshop, name)]
    done = [name for name in STAGES if finished(workshop, name)]
    if done:
        _log.info("finished before and kept: %s", ", ".join(done))
    running: dict[str, Process] = {}
    try:
        while waiting or running:
            for name in ready(workshop, waiting, running):
                waiting.remove(name)
                running[name] = _start(workshop, name)
                minutes_left = (
                    sum(_core_minutes(workshop, later) for later in [*waiting, *running]) / workshop.processes
                )
                _log.info("%s: begins; at most %.1f minutes to the end of the last stage", name, minutes_left)
            if not running:
                raise StageFailed(f"{waiting[0]} needs an earlier stage; run without --stage to make it")
            wait([process.sentinel for process in running.values()])
            _bury(running)
    finally:
        for process in running.values():
            process.terminate()


def ready(workshop: Workshop, waiting: list[str], running: dict[str, Process]) -> list[str]:
    """Those that can begin now, beside what runs already."""
    free_cores = workshop.processes - sum(_cores(workshop, name) for name in running)
    ready = []
    for name in waiting:
        if _cores(workshop, name) <= free_cores and all(finished(workshop, need) for need in STAGES[name].needs):
            ready.append(name)
            free_cores -= _cores(workshop, name)
    return ready


def _cores(workshop: Workshop, name: str) -> int:
    return STAGES[name].cores if STAGES[name].cores != ALL_CORES else workshop.processes


def _core_minutes(workshop: Workshop, name: str) -> float:
    return STAGES[name].minutes * workshop.scale * _cores(workshop, name)


def _start(workshop: Workshop, name: str) -> Process:
    process = _FRESH.Process(target=_make, args=(workshop, name, _cores(workshop, name)), name=name)
    process.start()
    return process


def _make(workshop: Workshop, name: str, cores: int) -> None:
    import torch

    tell_news()
    quiet()
    torch.set_num_threads(cores)
    try:
        make(workshop, name)
    except FileNotFoundError as missing:
        sys.exit(str(missing))


def _bury(running: dict[str, Process]) -> None:
    """Take the ended ones out."""
    for name in [name for name, process in running.items() if not process.is_alive()]:
        process = running.pop(name)
        process.join()
        if process.exitcode:
            raise StageFailed(f"stage {name} failed; what was finished is kept, run again to continue")
