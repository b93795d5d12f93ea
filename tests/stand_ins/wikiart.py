"""WikiArt over loopback: the dataset server's /rows and /filter with one address a picture, and the hub's side of the
same set as parquet shards, with ranges.
"""

import hashlib
import io
import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from tests.stand_ins.loopback import Answer, Loopback, Request, byte_range

STYLES = ("Abstract_Expressionism", "Baroque", "Cubism", "Impressionism", "Pop_Art")
ARTISTS = ("Unknown Artist", "claude-monet", "camille-pissarro", "pablo-picasso")
COMMIT = "a" * 40
RESOLVE = re.compile(r"/datasets/huggan/wikiart/resolve/[^/]+/(?P<path>.+)")


def make(folder: Path, rows: int, shards: int, group: int, side: int = 48, *, broken: tuple[int, ...] = ()) -> Path:
    """Parquet files as `datasets` writes them: noise, with styles and artists; `broken` rows hold junk."""
    (folder / "data").mkdir(parents=True)
    for shard in range(shards):
        numbers = range(shard * rows // shards, (shard + 1) * rows // shards)
        columns = {
            "image": [{"bytes": picture(n, side) if n not in broken else b"junk", "path": None} for n in numbers],
            "artist": [n % len(ARTISTS) for n in numbers],
            "genre": [0 for _ in numbers],
            "style": [style_of(n) for n in numbers],
        }
        table = pa.table(columns, schema=schema(STYLES, ARTISTS))
        name = f"train-{shard:05d}-of-{shards:05d}.parquet"
        parquet.write_table(table, folder / "data" / name, row_group_size=group)
    return folder


def schema(styles: Sequence[str], artists: Sequence[str]) -> Any:
    """The set's columns, with the class names where `datasets` writes them."""
    features = {
        "image": {"_type": "Image"},
        "artist": {"names": list(artists), "_type": "ClassLabel"},
        "genre": {"names": ["any"], "_type": "ClassLabel"},
        "style": {"names": list(styles), "_type": "ClassLabel"},
    }
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [("image", image), *((name, pa.int64()) for name in ("artist", "genre", "style"))]
    info = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    return pa.schema(fields, metadata=info)


def style_of(row: int) -> int:
    """Shuffled, as in the real set."""
    return hashlib.sha256(f"style {row}".encode()).digest()[0] % len(STYLES)


def picture(row: int, side: int) -> bytes:
    """A JPEG whose size grows with `side`; noise does not shrink."""
    out = io.BytesIO()
    noise = np.random.default_rng(row).integers(0, 255, (side, side * 3 // 2, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", quality=90)
    return out.getvalue()


class WikiArt(Loopback):
    """One server for both services: give `url` as DATASETS_SERVER_URL and as the hub's endpoint."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    @cached_property
    def _table(self) -> Any:
        """The whole set; only the dataset server's side needs it."""
        return pa.concat_tables(
            [parquet.read_table(file) for file in sorted((self._folder / "data").glob("*.parquet"))]
        )

    def answer(self, request: Request) -> Answer:
        if request.path == "/rows":
            return _json(self._page(range(self._table.num_rows), request))
        if request.path == "/filter":
            wanted = int(request.query["where"].rpartition("=")[2])
            kinds = self._table["style"].to_pylist()
            return _json(self._page([row for row, kind in enumerate(kinds) if kind == wanted], request))
        if request.path.startswith("/assets/"):
            row = int(request.path.rpartition("/")[2])
            return Answer(200, self._table["image"][row].as_py()["bytes"], {"Content-Type": "image/jpeg"})
        if found := RESOLVE.fullmatch(request.path):
            return self._file(request, found["path"])
        if request.path.startswith("/api/datasets/huggan/wikiart"):
            return self._api(request)
        return Answer(404)

    def _page(self, rows: Any, request: Request) -> dict[str, Any]:
        offset, length = int(request.query["offset"]), int(request.query["length"])
        if length > 100:
            return {"error": "Parameter 'length' must not be greater than 100"}
        features = json.loads(self._table.schema.metadata[b"huggingface"])["info"]["features"]
        shown = list(rows)[offset : offset + length]
        return {
            "features": [
                {"feature_idx": index, "name": name, "type": kind}
                for index, (name, kind) in enumerate(features.items())
            ],
            "rows": [{"row_idx": row, "row": self._row(row), "truncated_cells": []} for row in shown],
            "num_rows_total": len(list(rows)),
            "num_rows_per_page": 100,
            "partial": False,
        }

    def _row(self, row: int) -> dict[str, Any]:
        values = {name: self._table[name][row].as_py() for name in ("artist", "genre", "style")}
        return {"image": {"src": f"{self.url}/assets/{row}", "height": 1, "width": 1}, **values}

    def _api(self, request: Request) -> Answer:
        rest = request.path.removeprefix("/api/datasets/huggan/wikiart")
        if rest.startswith("/tree/"):
            if rest.count("/") == 2 and request.query.get("recursive") != "true":
                return _json([_folder("data")])
            return _json(self._tree())
        if rest.startswith("/paths-info/"):
            wanted = set(re.findall(r"data/[\w.-]+|(?<==)data\b", request.body.decode().replace("%2F", "/")))
            wanted |= set(json.loads(request.body).get("paths", [])) if request.body[:1] == b"{" else set()
            return _json([entry for entry in [_folder("data"), *self._tree()] if entry["path"] in wanted])
        names = [{"rfilename": entry["path"]} for entry in self._tree()]
        return _json({"id": "huggan/wikiart", "sha": COMMIT, "private": False, "tags": [], "siblings": names})

    def _tree(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": f"data/{file.name}", "size": file.stat().st_size, "oid": file.name}
            for file in sorted((self._folder / "data").glob("*.parquet"))
        ]

    def _file(self, request: Request, path: str) -> Answer:
        file = self._folder / path
        if not file.is_file():
            return Answer(404, b"", {"X-Error-Code": "EntryNotFound"})
        size = file.stat().st_size
        headers = {"ETag": f'"{file.name}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if request.method == "HEAD":
            return Answer(200, b"", {**headers, "Content-Length": str(size)})
        first, end = byte_range(request, size) or (0, size)
        with file.open("rb") as opened:
            opened.seek(first)
            body = opened.read(end - first)
        if (first, end) == (0, size):
            return Answer(200, body, headers)
        return Answer(206, body, {**headers, "Content-Range": f"bytes {first}-{end - 1}/{size}"})


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "oid": path, "size": 0}


def _json(data: Any) -> Answer:
    return Answer(200, json.dumps(data).encode(), {"Content-Type": "application/json"})
