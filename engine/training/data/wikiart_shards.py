"""WikiArt's pictures from whole shards, one by one: 450 MB each, one is mostly enough. For hubs without ranges."""

import shutil
from collections.abc import Iterator
from typing import Any

from engine.settings import Settings
from engine.training.data.collection import Collection, Names, Painting
from engine.training.data.unavailable import Unavailable
from engine.training.data.wikiart_groups import BUFFER, class_names, of_group, trouble

REPO = "huggan/wikiart"
WHOLE = True


def names(settings: Settings) -> Names:
    """The class names, from the first shard. Raises Unavailable."""
    with trouble():
        return class_names(_open(settings, _shards()[0]))


def bring(collection: Collection, settings: Settings, names: Names, style: int, _images: int) -> Iterator[Painting]:
    """Pictures of `style` in the set's order, as far as somebody takes them. Raises Unavailable."""
    first = 0
    with trouble():
        for shard in _shards():
            file = _open(settings, shard)
            for number in range(file.metadata.num_row_groups):
                yield from of_group(file, number, first, style, collection, names)
                first += file.metadata.row_group(number).num_rows
            file.close(force=True)
            # A shard that was read to its end is not wanted again.
            shutil.rmtree(settings.cache_dir / "wikiart" / "shards", ignore_errors=True)


def _shards() -> list[str]:
    from huggingface_hub import HfApi

    files = (file for file in HfApi().list_repo_files(REPO, repo_type="dataset") if file.endswith(".parquet"))
    shards = sorted(file for file in files if file.startswith("data/train-"))
    if not shards:
        raise Unavailable("the hub lists no parquet files of huggan/wikiart")
    return shards


def _open(settings: Settings, shard: str) -> Any:
    """A shard on disk. After a kill it is fetched from its beginning: the hub's client keeps no half."""
    from huggingface_hub import hf_hub_download
    from pyarrow.parquet import ParquetFile

    folder = settings.cache_dir / "wikiart" / "shards"
    path = hf_hub_download(REPO, shard, repo_type="dataset", local_dir=folder)
    return ParquetFile(path, pre_buffer=False, buffer_size=BUFFER)
