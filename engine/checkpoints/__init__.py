"""Checkpoints from the Hugging Face hub: fetched once, whole and as safetensors, or not at all. Knows no torch.

They lie in the hub's own cache (HF_HOME), where other programs find them too.
"""

import time
from pathlib import Path
from typing import Any

from engine.checkpoints import files
from engine.checkpoints.failures import again_in, failure
from engine.checkpoints.files import variant
from engine.contract.errors import NoModel
from engine.fetching import OnBytes

__all__ = ["fetch", "local", "variant"]

ATTEMPTS = 4
# The account with which the hub itself offers safetensors for repositories that have only pickles.
CONVERTER = "SFconvertbot"


def local(repo: str, *, half: bool = False) -> Path | None:
    """The folder of a checkpoint that is here and whole, asking nobody; None where there is none."""
    return next((folder for folder in _snapshots(repo) if files.is_whole(folder, half=half)), None)


def fetch(repo: str, progress: OnBytes, *, half: bool = False) -> Path:
    """The folder of `repo` with all that a StableDiffusionPipeline or a CLIPModel needs, fetched where it is not here.

    `progress` is told bytes (done, total). `half` takes the fp16 files where the repository has them.
    Blocks. Raises NoModel or DiskFull with a sentence; a half-fetched file is never among what `local` finds.
    """
    checkpoint = local(repo, half=half)
    if checkpoint:
        return checkpoint
    for folder in _snapshots(repo):
        # The hub's client takes a file that exists for a good one, so damaged ones must go first.
        files.drop_damaged(folder)
    for attempt in range(ATTEMPTS):
        try:
            _download(repo, progress, half=half)
        except NoModel:
            raise
        except Exception as error:
            pause = again_in(error, attempt)
            if pause is None or attempt == ATTEMPTS - 1:
                raise failure(error, repo) from error
            time.sleep(pause)
        else:
            break
    checkpoint = local(repo, half=half)
    if checkpoint is None:
        raise NoModel(f"{repo} arrived without some of its files. Run `python -m engine fetch` again.")
    return checkpoint


def _snapshots(repo: str) -> list[Path]:
    """The folders of `repo` in the cache: its main branch, then what the hub's converter offered for it."""
    home = _home(repo)
    refs = [home / "refs" / "main", *sorted((home / "refs" / "refs" / "pr").glob("*"))]
    return [home / "snapshots" / ref.read_text(encoding="ascii").strip() for ref in refs if ref.is_file()]


def _home(repo: str) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model")


def _download(repo: str, progress: OnBytes, *, half: bool) -> None:
    from huggingface_hub import HfApi, snapshot_download

    api = HfApi()
    revision = "main"
    commit, sizes = _listed(api, repo, revision)
    if files.pickled(list(sizes)):
        revision = _converted(api, repo) or revision
        commit, sizes = _listed(api, repo, revision)
    if files.pickled(list(sizes)):
        raise NoModel(
            f"{repo} offers weights only as pickles, which can run foreign code when they are opened. "
            "Tessera loads safetensors only: choose a checkpoint that has them."
        )
    names = files.names_to_fetch(list(sizes), half=half)
    if not names:
        raise NoModel(f"{repo} holds no checkpoint that Tessera can load: neither model_index.json nor config.json.")
    folder = _home(repo) / "snapshots" / commit
    done = sum(sizes[name] for name in names if (folder / name).is_file())
    bar = _silent_bar(progress, done, sum(sizes[name] for name in names))
    snapshot_download(repo, revision=revision, allow_patterns=names, tqdm_class=bar)


def _listed(api: Any, repo: str, revision: str) -> tuple[str, dict[str, int]]:
    """The commit of `revision` and its files with their sizes in bytes."""
    info = api.model_info(repo, revision=revision, files_metadata=True)
    return info.sha, {sibling.rfilename: sibling.size or 0 for sibling in info.siblings or []}


def _converted(api: Any, repo: str) -> str | None:
    """The revision in which the hub's own converter offers safetensors, as transformers looks for it as well."""
    offers = api.get_repo_discussions(repo, author=CONVERTER, discussion_type="pull_request")
    # The author is looked at once more: an answer that ignores the filter must not bring somebody else's files.
    good = (offer for offer in offers if offer.author == CONVERTER and offer.status in {"open", "merged"})
    return next((offer.git_reference for offer in good), None)


def _silent_bar(progress: OnBytes, done: int, total: int) -> type[Any]:
    """A progress bar that draws nothing and tells `progress`; `done` bytes of `total` are not fetched again."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped]  # it ships no types

    class SilentBar(tqdm):  # type: ignore[misc]  # the same
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # One bar counts bytes that came, one bytes that are kept, one files; the second is the one to tell.
            self._bytes = "Reconstructing" in kwargs.get("desc", "")
            super().__init__(*args, **{**kwargs, "disable": True})
            self.done = done

        def update(self, n: float | None = 1) -> None:
            # A disabled bar counts nothing itself.
            self.done += int(n or 0)
            if self._bytes:
                progress(min(self.done, total), total)

    return SilentBar
