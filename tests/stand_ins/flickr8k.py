"""Flickr8k's zip over loopback as GitHub serves it: a redirect to a signed address that knows ranges.

Stricter than the real thing: the signed address takes GET alone, runs out when told to, and refuses ranges that count
from the end, as some object stores do.
"""

import io
import itertools
import zipfile

from PIL import Image

from tests.stand_ins.loopback import Answer, Loopback, Request, byte_range

ZIP = "/releases/download/Flickr8k/Flickr8k_Dataset.zip"


class Flickr8kServer(Loopback):
    """`url_of_zip` is what FLICKR8K_URL would name; `served` counts the bytes of the zip that went out."""

    def __init__(self, archive: bytes) -> None:
        super().__init__()
        self.archive = archive
        self.url_of_zip = self.url + ZIP
        self.served = 0
        self._tokens = itertools.count()
        self._token = 0

    def expire(self) -> None:
        """The signed address that was given out last is no longer good."""
        self._token = next(self._tokens)

    def answer(self, request: Request) -> Answer:
        if request.path == ZIP:
            self.expire()
            return Answer(302, b"", {"Location": f"{self.url}/store/zip?token={self._token}"})
        if request.path != "/store/zip":
            return Answer(404)
        if request.method != "GET" or request.query.get("token") != str(self._token):
            return Answer(403)
        if request.headers.get("range", "").startswith("bytes=-"):
            return Answer(416)
        part = byte_range(request, len(self.archive))
        first, end = part or (0, len(self.archive))
        body = self.archive[first:end]
        self.served += len(body)
        if part is None:
            return Answer(200, body)
        return Answer(206, body, {"Content-Range": f"bytes {first}-{end - 1}/{len(self.archive)}"})


def archive(photos: int, *, padding: int = 0, sizes_follow: bool = False, kilobytes: int = 0) -> bytes:
    """A zip in Flickr8k's layout with small photos, all different, and the shadows that a Mac adds.

    `padding` bytes of comment stand behind the directory; `kilobytes` are added to each photo; `sizes_follow` writes
    it as to a pipe, with sizes after the data.
    """
    stream = _Pipe() if sizes_follow else io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.mkdir("Flicker8k_Dataset")
        for number in range(photos):
            name = f"{1000 + number}_{number:010x}.jpg"
            kept = zipfile.ZIP_DEFLATED if sizes_follow else zipfile.ZIP_STORED
            file.writestr(f"Flicker8k_Dataset/{name}", photo(number) + bytes(1024 * kilobytes), compress_type=kept)
            file.writestr(f"__MACOSX/Flicker8k_Dataset/._{name}", b"shadow")
        file.comment = bytes(padding)
    return stream.getvalue()


def photo(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (24, 16), (number % 256, number // 256, 128)).save(stream, "JPEG", comment=f"photo {number:04}")
    return stream.getvalue()


class _Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *args: object) -> int:
        raise io.UnsupportedOperation
