"""How long people wait: first in, first out against turns, shared waves and cut-ins, on one trace of mixed jobs.

    python -m bench.waves [--real] [--speed 10] [--jobs 150]

The simulation runs the engine's scheduler over a clock that only painting moves. Then the engine itself gets the same
trace, with a painter that waits instead of painting: over a clock that jumps from one waiting to the next, so that the
machine's load does not count, or with `--real` in real time, `--speed` times as fast.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import virtual_time, waves_real, waves_simulated
from bench.machine import describe
from bench.trace import Arrival, read

RESULT = Path(__file__).parent / "results" / "waves.json"
NAMES = {
    "first": "first in, first out",
    "shared": "turns, left-over places filled",
    "cut": "turns, filled, short jobs cut in",
}
TITLES = {
    "simulated": "the scheduler simulated",
    "engine": "the engine with a painter that waits, without the machine's own time",
    "real": "the engine with a painter that waits, in real time",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true", help="the engine in real time as well; wants a quiet machine")
    parser.add_argument("--speed", type=float, default=10.0, help="how many times as fast the real time is")
    parser.add_argument("--jobs", type=int, help="only the first so many of the trace")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    trace = read()[: options.jobs]
    runs = {
        "simulated": waves_simulated.run(trace),
        "engine": virtual_time.run(waves_real.run(trace, 1.0)),
        **({"real": asyncio.run(waves_real.run(trace, options.speed))} if options.real else {}),
    }
    results: dict[str, Any] = {"machine": describe(), "jobs": len(trace), "speed": options.speed}
    for kind, waits in runs.items():
        results[kind] = {name: summary(trace, seconds, name) for name, seconds in waits.items()}
        print(table(f"{len(trace)} jobs, {TITLES[kind]}", results[kind]))
    options.out.write_text(json.dumps(results, indent=1))


def summary(trace: Sequence[Arrival], waits: Sequence[float], name: str) -> dict[str, Any]:
    """Seconds from order to last picture; `small` jobs paint at most 16 pictures' worth of 50 steps."""
    small = [wait for arrival, wait in zip(trace, waits, strict=True) if arrival.row_steps <= 16 * 50]
    large = [wait for arrival, wait in zip(trace, waits, strict=True) if arrival.row_steps > 16 * 50]
    return {
        "name": NAMES[name],
        "mean": round(statistics.mean(waits), 1),
        "median": round(statistics.median(waits), 1),
        "p95": round(sorted(waits)[int(len(waits) * 0.95)], 1),
        "small": round(statistics.mean(small), 1),
        "large": round(statistics.mean(large), 1),
    }


def table(title: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        f"| {row['name']} | {row['mean']} | {row['median']} | {row['p95']} | {row['small']} | {row['large']} |"
        for row in results.values()
    ]
    head = "| who is next | mean s | median s | 95 % below | small jobs, mean | large jobs, mean |"
    return "\n".join([f"{title}:", "", head, "|---|---|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
