"""`python -m bench.soak`: a seeded soak; a table on standard output, the same and JSON in bench/results/."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bench.soak import report
from bench.soak.size import Size
from bench.soak.soak import Findings, soak

RESULTS = Path(__file__).parents[1] / "results"


def main(arguments: list[str]) -> int:
    """Exit status: 0 nothing is wrong, 1 something is, 2 a bad argument."""
    usual = Size()
    parser = argparse.ArgumentParser("python -m bench.soak", description=__doc__)
    parser.add_argument("--jobs", type=_count, default=usual.jobs, help=f"grids to order (default {usual.jobs})")
    parser.add_argument("--people", type=_count, default=usual.people, help="half of them on each platform")
    parser.add_argument("--seed", type=int, default=usual.seed, help="draws the faults and what people do")
    parser.add_argument("--minutes", type=float, help="order nothing more after so many")
    parser.add_argument("--painter", choices=["fake", "local"], default=usual.painter, help="local: the embedded model")
    parser.add_argument("--rounds", type=_count, help="how often each fault strikes; one for every 250 jobs")
    parser.add_argument("--patience", type=float, default=usual.patience, help="seconds until one waits in vain")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where table and JSON are written")
    parser.add_argument("--keep", type=Path, help="an empty folder for the bot's data and logs, kept")
    options = vars(parser.parse_args(arguments))
    out, keep = options.pop("out"), options.pop("keep")
    folder = keep or Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        findings = asyncio.run(_until_told(soak(Size(**options), folder)))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    report.write(findings, out)
    print(report.table(findings))
    return 1 if findings.wrong else 0


async def _until_told(work: Coroutine[Any, Any, Findings]) -> Findings:
    """SIGTERM stops it as Ctrl+C does, so that no process is left behind."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
