"""How soon 200 people who ask at once are acknowledged, while the engine is held: `python -m bench.crowd`."""

import asyncio
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.machine import describe, line
from tests.bot_rig import rig
from tests.fake_talk import ANNA

PEOPLE, ROUNDS = 200, 5
RESULT = Path(__file__).parent / "results" / "crowd.json"


async def crowd(folder: Path) -> list[float]:
    """Seconds from a command to its acknowledgement, one of each person, sorted."""
    took: list[float] = []
    async with rig(folder, waiting_per_server=1000) as bot:
        bot.engine.hold(after=0)

        async def ask(number: int) -> None:
            began = time.perf_counter()
            await bot.hear(replace(ANNA, id=f"p{number}"), "/grid a cat blocks:1")
            took.append(time.perf_counter() - began)

        await asyncio.gather(*(ask(number) for number in range(PEOPLE)))
    return sorted(took)


def main() -> None:
    machine = describe()
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            took = asyncio.run(crowd(Path(folder)))
        rounds.append({"median": took[PEOPLE // 2], "p99": took[int(PEOPLE * 0.99) - 1]})
        print(f"median {rounds[-1]['median']:.3f} s, 99th percentile {rounds[-1]['p99']:.3f} s")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "people": PEOPLE, "rounds": rounds}, indent=1))
    print(line(machine))


if __name__ == "__main__":
    main()
