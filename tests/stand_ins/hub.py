"""A Hugging Face hub over loopback: model repositories served from folders, with commits, ETags, ranges and refusals.

Stricter than the real one: a file is only given at a commit that its repository has, and weights that are pickles are
given too, so that a test can see in `log` whether anybody asked for them.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stand_ins.loopback import Answer, Kind, Loopback, Request, byte_range

API = re.compile(r"/api/models/(?P<repo>[\w.-]+/[\w.-]+)(?P<rest>/.*)?")
RESOLVE = re.compile(r"/(?P<repo>[\w.-]+/[\w.-]+)/resolve/(?P<commit>[^/]+)/(?P<path>.+)")


@dataclass
class _Repo:
    """`branches` maps a revision ("main", "refs/pr/1") to its folder; `pulls` are the discussions that brought them."""

    branches: dict[str, Path]
    pulls: list[dict[str, Any]] = field(default_factory=list)

    def commit(self, revision: str) -> str:
        return hashlib.sha1(f"{self.branches[revision]}".encode(), usedforsecurity=False).hexdigest()

    def folder(self, commit: str) -> Path | None:
        return next((folder for name, folder in self.branches.items() if self.commit(name) == commit), None)


class Hub(Loopback):
    """`add` a folder as a repository. Gated and missing repositories, and files, come by `fault`.

    Without `filters` a list of pull requests holds all of them, whatever was asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self._repos: dict[str, _Repo] = {}
        self.filters = True

    def add(self, repo: str, folder: Path) -> None:
        self._repos[repo] = _Repo({"main": folder})

    def propose(self, repo: str, folder: Path, author: str) -> None:
        """An open pull request of `author` with the files of `folder`."""
        known = self._repos[repo]
        number = len(known.pulls) + 1
        known.branches[f"refs/pr/{number}"] = folder
        known.pulls.append(_pull(repo, number, author))

    def answer(self, request: Request) -> Answer:
        if found := RESOLVE.fullmatch(request.path):
            return self._file(request, **found.groupdict())
        if found := API.fullmatch(request.path):
            return self._api(found["repo"], found["rest"] or "/revision/main", request)
        return Answer(404)

    def refusal(self, kind: Kind, request: Request) -> Answer:
        if kind == "gated":
            return _refused(401, "GatedRepo")
        if kind == "missing":
            return _refused(404, "EntryNotFound" if "/resolve/" in request.path else "RepoNotFound")
        return super().refusal(kind, request)

    def _api(self, name: str, rest: str, request: Request) -> Answer:
        repo = self._repos.get(name)
        if repo is None:
            # The real one says 401 here, to tell nothing about private repositories.
            return _refused(401, "RepoNotFound")
        if rest == "/discussions":
            wanted = request.query.get("author")
            pulls = [pull for pull in repo.pulls if not self.filters or wanted in {None, pull["author"]["name"]}]
            return _json({"discussions": pulls, "count": len(pulls), "start": 0, "numClosedDiscussions": 0})
        if rest.startswith("/tree/"):
            folder = repo.folder(rest.split("/")[2])
            return _json(_tree(folder)) if folder else _refused(404, "RevisionNotFound")
        revision = rest.removeprefix("/revision/").replace("%2F", "/")
        if revision not in repo.branches:
            return _refused(404, "RevisionNotFound")
        # Sizes only come with ?blobs=true, as from the real one.
        fields = {"path": "rfilename", "size": "size"} if "blobs" in request.query else {"path": "rfilename"}
        files = [{new: entry[old] for old, new in fields.items()} for entry in _tree(repo.branches[revision])]
        commit = repo.commit(revision)
        return _json({"id": name, "modelId": name, "sha": commit, "private": False, "tags": [], "siblings": files})

    def _file(self, request: Request, repo: str, commit: str, path: str) -> Answer:
        folder = self._repos[repo].folder(commit) if repo in self._repos else None
        if folder is None:
            return _refused(404, "RevisionNotFound")
        if not (folder / path).is_file():
            return _refused(404, "EntryNotFound")
        body = (folder / path).read_bytes()
        headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        part = byte_range(request, len(body))
        if part is None:
            return Answer(
                200, body, {**headers, "Content-Length": str(len(body))} if request.method == "HEAD" else headers
            )
        first, end = part
        return Answer(206, body[first:end], {**headers, "Content-Range": f"bytes {first}-{end - 1}/{len(body)}"})


def _tree(folder: Path) -> list[dict[str, Any]]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return [
        {
            "type": "file",
            "path": file.relative_to(folder).as_posix(),
            "size": file.stat().st_size,
            "oid": hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest(),
        }
        for file in files
    ]


def _pull(repo: str, number: int, author: str) -> dict[str, Any]:
    return {
        "num": number,
        "title": "Adding `safetensors` variant of this model",
        "author": {"name": author, "type": "user"},
        "createdAt": "2023-01-01T00:00:00.000Z",
        "status": "open",
        "isPullRequest": True,
        "repo": {"name": repo, "type": "model"},
    }


def _json(data: Any) -> Answer:
    return Answer(200, json.dumps(data).encode(), {"Content-Type": "application/json"})


def _refused(status: int, code: str) -> Answer:
    return Answer(status, b"", {"X-Error-Code": code, "X-Error-Message": code})
