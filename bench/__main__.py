"""`python -m bench [--quick]`: one table, with JSON and plots in bench/results/. `python -m bench gpu`: on a card."""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench import gpu

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["gpu"]:
        gpu.main(arguments[1:])
        return
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute: fewer rounds, smaller grids")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where JSON, table and plots are written")
    parser.add_argument("--rounds", type=int, help="how often everybody takes a turn")
    given = parser.parse_args(arguments)

    from bench import embedded, report

    size = embedded.QUICK if given.quick else embedded.FULL
    if given.rounds:
        size = replace(size, rounds=given.rounds, starts=min(size.starts, given.rounds))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(embedded.measure(Path(folder), size))
    report.write(found, given.out, "embedded-quick" if given.quick else "embedded")
    print(report.table(found))


main(sys.argv[1:])
