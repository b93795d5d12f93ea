"""How long people wait: first in, first out against turns, shared waves and cut-ins, on one trace of mixed jobs.

    python -m bench.waves [--real] [--speed 20]

The simulation runs the engine's own scheduler over a clock that only painting moves. `--real` sends the same trace to
the engine with a painter that waits instead of painting, `--speed` times as fast.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import waves_real, waves_simulated
from bench.machine import describe
from bench.trace import Came, read

RESULT = Path(__file__).parent / "results" / "waves.json"
NAMES = {
    "first": "first in, first out",
    "shared": "turns, left-over places filled",
    "cut": "turns, filled, short jobs cut in",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true", help="with the engine and a painter that waits")
    parser.add_argument("--speed", type=float, default=20.0, help="how many times as fast the real run is")
    given = parser.parse_args()
    trace = read()
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    found["jobs"], found["machine"] = len(trace), describe()
    found["simulated"] = {name: summary(trace, waits, name) for name, waits in waves_simulated.run(trace).items()}
    print(table("Simulated", found["simulated"]))
    if given.real:
        real = asyncio.run(waves_real.run(trace, given.speed))
        found["real"] = {name: summary(trace, waits, name) for name, waits in real.items()}
        print(table(f"Real, {given.speed:g} times as fast, in seconds of the trace", found["real"]))
    RESULT.write_text(json.dumps(found, indent=1))


def summary(trace: Sequence[Came], waits: Sequence[float], name: str) -> dict[str, Any]:
    """Seconds from order to last picture; `small` jobs paint at most 16 pictures' worth of 50 steps."""
    small = [wait for came, wait in zip(trace, waits, strict=True) if came.row_steps <= 16 * 50]
    large = [wait for came, wait in zip(trace, waits, strict=True) if came.row_steps > 16 * 50]
    return {
        "name": NAMES[name],
        "mean": round(statistics.mean(waits), 1),
        "median": round(statistics.median(waits), 1),
        "p95": round(sorted(waits)[int(len(waits) * 0.95)], 1),
        "small": round(statistics.mean(small), 1),
        "large": round(statistics.mean(large), 1),
    }


def table(title: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        f"| {row['name']} | {row['mean']} | {row['median']} | {row['p95']} | {row['small']} | {row['large']} |"
        for row in found.values()
    ]
    head = "| who is next | mean s | median s | 95 % below | small jobs, mean | large jobs, mean |"
    return "\n".join([f"{title}:", "", head, "|---|---|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
