"""WikiArt's shards by range reads: the style of every picture (about 5 MB), then the row groups that cost least.

A row group's pictures are one page of the file, so nothing smaller can be fetched. The hub's file system reads ahead by
5 MB unless told not to, which would bring 4 GB here.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.contract.errors import disk_full
from engine.settings import Settings
from engine.training.data.collection import Collection, Names, Painting, artist
from engine.training.data.unavailable import Unavailable

REPO = "datasets/huggan/wikiart"
WHOLE = True
"""Every picture's style is known here: what is not found is not there, and no shard needs to be fetched for it."""
BATCH = 8
BUFFER = 1 << 20
"""Bytes read at once; without it pyarrow holds a group's pictures a third time, 400 MB more where groups are large."""
HERE = -1
"""Stands for the style of a picture that is here already."""


@dataclass(frozen=True)
class Group:
    """A row group: its first row in the split, the bytes of its pictures, every row's style."""

    shard: str
    number: int
    first: int
    size: int
    styles: tuple[int, ...]

    def hits(self, style: int) -> int:
        return self.styles.count(style)


def names(_settings: Settings) -> Names:
    """The class names, from the first shard's own header. Raises Unavailable."""
    with trouble():
        system = _system()
        with system.open(_shards(system)[0]) as file:
            return class_names(_parquet(file))


def bring(collection: Collection, settings: Settings, names: Names, style: int, images: int) -> Iterator[Painting]:
    """Pictures of `style` from the cheapest row groups. Raises Unavailable."""
    with trouble():
        system = _system()
        groups = _index(system, settings)
        # Again where pictures turn out to be corrupt; every round leaves fewer that are not known yet.
        while missing := images - len(collection.usable(images)):
            selection = cheapest([_without_fetched(group, collection) for group in groups], style, missing)
            if not selection:
                return
            for group in selection:
                with system.open(group.shard) as file:
                    yield from of_group(_parquet(file), group.number, group.first, style, collection, names)


def cheapest(groups: list[Group], style: int, count: int) -> list[Group]:
    """Groups with enough pictures of the style for few bytes, in the set's order.

    The set is shuffled, so a picture costs about the same everywhere and what counts is not to overshoot: the small
    last groups of the shards come first, or the groups with the best ratio, whichever way costs less.
    """
    useful = [group for group in groups if group.hits(style)]
    by_size = _enough(sorted(useful, key=lambda g: g.size), style, count)
    by_ratio = _enough(sorted(useful, key=lambda g: g.size / g.hits(style)), style, count)
    selection = min(by_size, by_ratio, key=lambda line: sum(group.size for group in line))
    return sorted(selection, key=lambda group: group.first)


def _without_fetched(group: Group, collection: Collection) -> Group:
    """Only the pictures that are not here yet are worth fetching the group for."""
    rows = enumerate(group.styles, group.first)
    return replace(group, styles=tuple(HERE if collection.has(row) else style for row, style in rows))


def _enough(line: list[Group], style: int, count: int) -> list[Group]:
    """The first groups of a line until there are enough pictures, without those that turn out not to be needed."""
    selection: list[Group] = []
    for group in line:
        if sum(other.hits(style) for other in selection) >= count:
            break
        selection.append(group)
    for group in sorted(selection, key=lambda g: -g.size):
        if sum(other.hits(style) for other in selection) - group.hits(style) >= count:
            selection.remove(group)
    return selection


def of_group(
    file: Any, number: int, first: int, style: int, collection: Collection, names: Names
) -> Iterator[Painting]:
    """The pictures of `style` in one row group that the collection does not have yet."""
    columns, row = ["image", "artist", "style"], first
    for batch in file.iter_batches(batch_size=BATCH, row_groups=[number], columns=columns):
        kinds, artists, pictures = batch["style"].to_pylist(), batch["artist"].to_pylist(), batch["image"]
        for index, kind in enumerate(kinds):
            if kind == style and not collection.has(row):
                data = pictures[index].as_py()["bytes"] or b""
                yield Painting(row, artist(names, artists[index]), data)
            row += 1


def class_names(file: Any) -> Names:
    """What `datasets` wrote into the file's schema. Raises Unavailable."""
    try:
        features = json.loads((file.schema_arrow.metadata or {})[b"huggingface"])["info"]["features"]
        return Names(tuple(features["style"]["names"]), tuple(features["artist"]["names"]))
    except (KeyError, ValueError) as error:
        raise Unavailable("the set's files do not give the styles' names") from error


def _index(system: Any, settings: Settings) -> list[Group]:
    """Every row group of every shard; what was read once is kept, shard by shard."""
    index_file = settings.cache_dir / "wikiart" / "groups.jsonl"
    index_file.parent.mkdir(parents=True, exist_ok=True)
    groups = [Group(**{**row, "styles": tuple(row["styles"])}) for row in _lines(index_file)]
    done, first = {group.shard for group in groups}, 0
    for shard in _shards(system):
        if shard in done:
            first = max(group.first + len(group.styles) for group in groups if group.shard == shard)
            continue
        with system.open(shard) as file:
            new_groups = _groups(_parquet(file), shard, first)
        with index_file.open("a", encoding="utf-8") as lines:
            lines.write("".join(json.dumps(asdict(group)) + "\n" for group in new_groups))
        groups += new_groups
        first = new_groups[-1].first + len(new_groups[-1].styles)
    return groups


def _groups(file: Any, shard: str, first: int) -> list[Group]:
    groups = []
    for number in range(file.metadata.num_row_groups):
        styles = tuple(file.read_row_group(number, columns=["style"])["style"].to_pylist())
        metadata = file.metadata.row_group(number)
        columns = (metadata.column(index) for index in range(metadata.num_columns))
        size = sum(column.total_compressed_size for column in columns)
        groups.append(Group(shard, number, first, size, styles))
        first += len(styles)
    return groups


def _lines(file: Any) -> list[dict[str, Any]]:
    """Whole lines only: the last one may have been cut off."""
    if not file.is_file():
        return []
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def _system() -> Any:
    from huggingface_hub import HfFileSystem, constants

    return _Exact(HfFileSystem(endpoint=constants.ENDPOINT, skip_instance_cache=True))


class _Exact:
    """The hub's file system, reading exactly what is asked for."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def open(self, path: str) -> Any:
        return self._system.open(path, "rb", cache_type="none", block_size=1 << 20)

    def glob(self, pattern: str) -> list[str]:
        return sorted(self._system.glob(pattern))


def _shards(system: Any) -> list[str]:
    shards: list[str] = system.glob(f"{REPO}/data/train-*.parquet")
    if not shards:
        raise Unavailable("the hub lists no parquet files of huggan/wikiart")
    return shards


def _parquet(file: Any) -> Any:
    from pyarrow.parquet import ParquetFile

    return ParquetFile(file, pre_buffer=False, buffer_size=BUFFER)


class trouble:  # noqa: N801 - used as a with-block, like contextlib's
    """Failures of the hub, of the network and of a damaged file, as Unavailable."""

    def __enter__(self) -> None:
        from huggingface_hub.utils import logging

        # Its attempts, eight lines for each way, say less than the one sentence at the end.
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from huggingface_hub import constants
        from huggingface_hub.utils import httpx as hub_httpx  # type: ignore[attr-defined]  # not in its __all__
        from pyarrow import ArrowException

        if error is not None and disk_full(error):
            return
        if isinstance(error, hub_httpx.HTTPError | ArrowException | OSError | ValueError):
            raise Unavailable(f"{constants.ENDPOINT} (HF_ENDPOINT) cannot be read from") from error
