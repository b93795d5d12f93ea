"""`python -m bench [PART …] [--quick]`: one table, JSON and plots in bench/results/. `python -m bench gpu`: on a card.

All parts together take about half an hour on two quiet cores, each of them less than ten minutes.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench import machine, report
from bench.part import PARTS, part
from bench.size import FULL, QUICK, Size

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["gpu"]:
        from bench import gpu

        gpu.main(arguments[1:])
        return
    parser = argparse.ArgumentParser("python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"all, or some of: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller grids, a short history")
    parser.add_argument("--rounds", type=int, help="how often everybody takes a turn")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where JSON, tables and plots are written")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    size = QUICK if options.quick else FULL
    if options.rounds:
        size = replace(size, rounds=options.rounds)
    for name in options.parts or PARTS:
        run(name, size, options.out)
    print(report.joined(options.out, size.name))


def run(name: str, size: Size, out: Path) -> None:
    """Measure one part and write what was found."""
    print(f"{name}: {part(name).title}", file=sys.stderr, flush=True)
    start = time.monotonic()
    about = machine.describe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        results = asyncio.run(part(name).measure(Path(folder), size))
    took = round(time.monotonic() - start, 1)
    report.write({"part": name, "size": size.name, "took_s": took, "machine": about, "results": results}, out)


if __name__ == "__main__":
    main(sys.argv[1:])
