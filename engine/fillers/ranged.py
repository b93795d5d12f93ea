"""A remote file as the zipfile module wants one: seekable, and fetched in blocks when it is read."""

import io
import zipfile
import zlib

from engine.fillers.remote import Remote

BLOCK = 4 << 20
# Flickr8k's directory has about 0.8 MB, so one read of this size brings it and what says where it is.
TAIL = 1 << 20


class RangedFile(io.RawIOBase):
    """Reads ahead by blocks up to `limit`, so that nothing behind it is fetched. Raises what `remote` raises."""

    def __init__(self, remote: Remote) -> None:
        super().__init__()
        self._remote = remote
        self._size = remote.measure()
        self._position = 0
        self.limit = self._size
        self._start = max(0, self._size - TAIL)
        self._block = remote.read(self._start, self._size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._position + size)
        if not self._start <= self._position <= end <= self._start + len(self._block):
            block_end = max(end, min(self._position + BLOCK, self.limit))
            self._start, self._block = self._position, self._remote.read(self._position, block_end)
        data = self._block[self._position - self._start : end - self._start]
        self._position = max(self._position, end)
        return data

    def forget(self) -> None:
        """Drops what was read ahead, so that it is fetched anew."""
        self._block = b""


def read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: RangedFile) -> bytes | None:
    """The bytes of `entry` with the CRC that the directory names, fetched once more if need be; else None."""
    for _ in range(2):
        try:
            return archive.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            file.forget()
    return None
