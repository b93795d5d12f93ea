"""What a hundred Impressionist paintings cost by each of the three ways to WikiArt: bytes and memory.

    python -m bench.wikiart FOLDER [--out bench/results]

In FOLDER the set is made once (7.2 GB): 72 shards of 1,131 rows of about 400 kB, in row groups of 1,000 and of 100;
eight shards differ, the others are links to them. Stand-ins of hub and dataset server send them over loopback to the
engine's own code in a process of its own: from an empty cache, and killed at half its bytes and begun again.
"""

import argparse
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from bench import machine, report
from engine.training.data import wikiart
from tests.stand_ins.wikiart import WikiArt, schema

SHARDS, DIFFERENT, ROWS = 72, 8, 1131
KNOWN = 2
"""Shards that the dataset server has: its filter covers the beginning of a split only."""
GROUPS = (1000, 100)
STYLES = tuple("Impressionism" if number == 12 else f"Style_{number}" for number in range(27))
SHARE = 0.16
"""Of the set's pictures are Impressionist."""
IMAGES = 100
MEGA = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    options = parser.parse_args()
    results = {
        "machine": machine.describe(),
        "results": [row for group in GROUPS for row in measure(options.folder, group)],
    }
    (options.out / "wikiart.json").write_text(json.dumps(results, indent=1) + "\n")
    print(table(results["results"]))


def measure(folder: Path, group: int) -> list[dict[str, Any]]:
    """Each way with row groups of so many pictures."""
    place = make(folder / str(group), group)
    rows = []
    for way in wikiart.WAYS:
        with Server(place) as server, tempfile.TemporaryDirectory() as folder_name:
            whole = run(server, way, Path(folder_name))
        with Server(place) as server, tempfile.TemporaryDirectory() as folder_name:
            run(server, way, Path(folder_name), kill_at=whole["bytes"] // 2)
            resumed = run(server, way, Path(folder_name))
        rows.append({"way": way.rpartition("_")[2], "group": group, **whole, "resumed_bytes": resumed["bytes"]})
        print(rows[-1], file=sys.stderr)
    return rows


def run(server: WikiArt, way: str, cache: Path, kill_at: float = float("inf")) -> dict[str, Any]:
    """One process that fetches; all bytes that `server` has sent by then. Killed (-9) once it was sent so many."""
    endpoints = {"HF_ENDPOINT": server.url, "DATASETS_SERVER_URL": server.url}
    environment = {**os.environ, **endpoints, "DATA_DIR": str(cache), "HF_HOME": str(cache / "hf")}
    command = [sys.executable, "-c", FETCH, way, str(IMAGES)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None and server.sent < kill_at:
            time.sleep(0.005)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            return {}
        output = process.stdout.read() if process.stdout else ""
    return {"bytes": server.sent, **json.loads(output)}


FETCH = """
import json, re, sys
from pathlib import Path
from engine.contract.training import TrainStyle
from engine.settings import Settings
from engine.training import data
from engine.training.data import wikiart
wikiart.WAYS = (sys.argv[1],)
found = data.collect(TrainStyle(name="any"), int(sys.argv[2]), Settings(), lambda done, total: None)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps({"pictures": len(found.examples), "peak_bytes": int(peak[1]) * 1024}))
"""
"""What the measured process does; it loads nothing else. VmHWM: the most memory that it ever held."""


def table(results: Sequence[dict[str, Any]]) -> str:
    body = [
        (row["way"], row["group"], row["pictures"], *(f"{row[key] / MEGA:,.0f}" for key in SIZES)) for row in results
    ]
    return report.rows(("way", "row groups of", "pictures", "MB", "MB where killed halfway", "peak memory, MB"), body)


SIZES = ("bytes", "resumed_bytes", "peak_bytes")


class Server(WikiArt):
    @cached_property
    def _table(self) -> Any:
        return pa.concat_tables(map(parquet.read_table, sorted((self._folder / "data").iterdir())[:KNOWN]))


def make(folder: Path, group: int) -> Path:
    """The set, where it is not there yet."""
    place = folder / "data"
    place.mkdir(parents=True, exist_ok=True)
    for shard in range(SHARDS):
        file = place / f"train-{shard:05d}-of-{SHARDS:05d}.parquet"
        if file.exists():
            continue
        if shard < DIFFERENT:
            _write(file, shard, group)
        else:
            os.link(place / f"train-{shard % DIFFERENT:05d}-of-{SHARDS:05d}.parquet", file)
    return folder


def _write(file: Path, shard: int, group: int) -> None:
    lots, painting = random.Random(shard), _painting()  # noqa: S311 - pictures, no secrets
    half = file.with_suffix(".half")
    with parquet.ParquetWriter(half, schema(STYLES, ("claude-monet",))) as writer:
        for start in range(0, ROWS, group):
            n = min(group, ROWS - start)
            # What follows a JPEG's end is no part of its picture, and does not shrink.
            images = [painting + lots.randbytes(int(lots.triangular(0, 440_000))) for _ in range(n)]
            styles = [12 if lots.random() < SHARE else lots.choice([*range(12), *range(13, 27)]) for _ in range(n)]
            columns = [[{"bytes": image, "path": None} for image in images], [0] * n, [0] * n, styles]
            writer.write_table(pa.table(columns, schema=writer.schema), row_group_size=group)
    half.rename(file)


def _painting() -> bytes:
    """1,400 x 1,100 pixels, about 180 kB."""
    rough = np.random.default_rng(1).integers(0, 255, (110, 140, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(rough).resize((1400, 1100), Image.Resampling.BICUBIC).save(out, "JPEG", quality=40)
    return out.getvalue()


if __name__ == "__main__":
    main()
