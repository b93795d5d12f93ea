"""Checkpoints: what is fetched from a hub, what is refused, and that what is half fetched is never used."""

import errno
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from diffusers import StableDiffusionPipeline
from huggingface_hub import constants, errors, file_download

# Whichever httpx this version of the hub's client speaks.
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # not named in its __all__

from engine import checkpoints, downloads, models
from engine.checkpoints import failures, files
from engine.contract.errors import DiskFull, NoModel
from engine.contract.training import TrainStyle
from engine.settings import Settings
from engine.training.estimate import estimate
from tests.stand_ins import tiny
from tests.stand_ins.hub import Hub
from tests.stand_ins.loopback import Kind

SD = "CompVis/stable-diffusion-v1-4"
TURBO = "stabilityai/sd-turbo"
CLIP = "openai/clip-vit-base-patch32"


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Repositories as their owners keep them: beside the safetensors lie pickles and single-file checkpoints."""
    root = tmp_path_factory.mktemp("repositories")
    folders = {
        SD: tiny.v1_4(root / "v1-4", half=True),
        TURBO: tiny.turbo(root / "turbo"),
        CLIP: tiny.judge(root / "judge"),
    }
    for part in ("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/pytorch_model"):
        (folders[SD] / f"{part}.bin").write_bytes(b"a pickle")
    (folders[SD] / "sd-v1-4.ckpt").write_bytes(b"a pickle")
    (folders[SD] / "unet/diffusion_pytorch_model.non_ema.safetensors").write_bytes(b"large")
    (folders[TURBO] / "sd_turbo.safetensors").write_bytes(b"large")
    (folders[CLIP] / "pytorch_model.bin").write_bytes(b"a pickle")
    (folders[CLIP] / "flax_model.msgpack").write_bytes(b"large")
    return folders


@pytest.fixture
def hub(made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The client reads its settings at its import, so they are set where it keeps them. The cache is empty."""
    with Hub() as hub:
        for repo, folder in made.items():
            hub.add(repo, folder)
        point_at(hub.url, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        yield hub


def point_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were taken, without taking them."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


def fetched(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("repo", [SD, TURBO, CLIP])
def test_a_checkpoint_is_fetched_once_and_then_found_without_asking_anybody(hub: Hub, repo: str) -> None:
    assert checkpoints.local(repo) is None

    folder = checkpoints.fetch(repo, quiet)
    hub.log.clear()
    again = checkpoints.fetch(repo, quiet)

    assert folder == again == checkpoints.local(repo)
    assert hub.log == []


@pytest.mark.parametrize("repo", [SD, TURBO, CLIP])
def test_neither_pickles_nor_files_that_no_pipeline_reads_are_asked_for(hub: Hub, repo: str) -> None:
    folder = checkpoints.fetch(repo, quiet)

    spared = (".bin", ".ckpt", ".msgpack", "non_ema.safetensors", "sd_turbo.safetensors", ".fp16.safetensors")
    assert [request.path for request in hub.log if request.path.endswith(spared)] == []
    assert any(name.endswith(".safetensors") for name in fetched(folder))


def test_half_takes_the_fp16_weights_alone(hub: Hub) -> None:
    folder = checkpoints.fetch(SD, quiet, half=True)

    weights = sorted(name for name in fetched(folder) if name.endswith(".safetensors"))
    assert weights == [
        "safety_checker/model.fp16.safetensors",
        "text_encoder/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]
    assert checkpoints.local(SD) is None


def test_where_a_card_paints_half_precision_is_all_that_must_be_here(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_has_gpu", lambda: True)
    hub.add(TURBO, tiny.turbo(tmp_path / "turbo", half=True))
    settings = Settings(data_dir=tmp_path, profile="full", _env_file=None)
    order = TrainStyle(name="ink", source="embedded", images=20)

    before = estimate(order, settings, "full"), downloads.describe(settings)["models"][TURBO]
    checkpoints.fetch(TURBO, quiet, half=True)
    after = estimate(order, settings, "full"), downloads.describe(settings)["models"][TURBO]

    assert (before[0].bytes_to_fetch, before[1]) == (models.PIPELINE_BYTES, "not fetched yet: python -m engine fetch")
    assert (after[0].bytes_to_fetch, after[1]) == (0, "here")
    assert (after[0].memory_bytes or 0) > 0


def test_what_was_fetched_is_loaded_by_the_plain_line(hub: Hub) -> None:
    whole = checkpoints.fetch(SD, quiet)
    paths = [(whole, None), (checkpoints.fetch(SD, quiet, half=True), checkpoints.variant(whole, half=True))]

    for folder, variant in paths:
        pipeline = StableDiffusionPipeline.from_pretrained(folder, variant=variant, local_files_only=True)
        assert type(pipeline.unet).__name__ == "UNet2DConditionModel"
        assert type(pipeline.safety_checker).__name__ == "StableDiffusionSafetyChecker"


def test_progress_after_a_break_counts_what_is_here(hub: Hub) -> None:
    hub.fault("/unet/diffusion", "503", 10_000)
    with pytest.raises(NoModel):
        checkpoints.fetch(TURBO, quiet)
    hub.fault_no_more()
    told: list[tuple[int, int]] = []

    folder = checkpoints.fetch(TURBO, lambda done, total: told.append((done, total)))

    size = sum((folder / name).stat().st_size for name in fetched(folder))
    weights = (folder / "unet/diffusion_pytorch_model.safetensors").stat().st_size
    assert told[0][0] >= size - weights
    assert told[-1] == (size, size)
    assert [request.path.rsplit("/", 1)[1] for request in hub.asked("GET /stabilityai/sd-turbo/resolve")][-1:] == [
        "diffusion_pytorch_model.safetensors"
    ]


def test_half_is_all_or_nothing() -> None:
    parts = ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"]
    names = ["model_index.json", *(f"{part}.safetensors" for part in parts)]

    mixed = files.names_to_fetch([*names, f"{parts[0]}.fp16.safetensors"], half=True)
    every = files.names_to_fetch([*names, *(f"{part}.fp16.safetensors" for part in parts)], half=True)

    assert mixed == names
    assert every == ["model_index.json", *(f"{part}.fp16.safetensors" for part in parts)]


def test_half_takes_the_full_weights_where_a_repository_has_no_others(hub: Hub) -> None:
    folder = checkpoints.fetch(TURBO, quiet, half=True)

    assert "unet/diffusion_pytorch_model.safetensors" in fetched(folder)


def test_progress_ends_with_every_byte(hub: Hub, made: dict[str, Path]) -> None:
    told: list[tuple[int, int]] = []

    folder = checkpoints.fetch(TURBO, lambda done, total: told.append((done, total)))

    size = sum((folder / name).stat().st_size for name in fetched(folder))
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("kind", ["429", "500", "503", "cut", "truncated"])
@pytest.mark.parametrize("match", ["GET /api/models", "GET /stabilityai/sd-turbo/resolve"])
def test_a_passing_fault_ends_in_a_retry_that_succeeds(hub: Hub, match: str, kind: Kind, waits: list[float]) -> None:
    hub.fault(match, kind, 2)

    folder = checkpoints.fetch(TURBO, quiet)

    assert checkpoints.local(TURBO) == folder
    assert waits


@pytest.mark.parametrize("kind", ["429", "503", "cut"])
def test_a_lasting_fault_ends_in_a_sentence_and_nothing_half_is_used(hub: Hub, kind: Kind, waits: list[float]) -> None:
    hub.fault("/unet/diffusion", kind, 10_000)

    with pytest.raises(NoModel, match="python -m engine fetch"):
        checkpoints.fetch(TURBO, quiet)

    assert checkpoints.local(TURBO) is None
    assert len(waits) < 400


@pytest.mark.parametrize("match", ["GET /api/models/stabilityai/sd-turbo", "/resolve/"])
def test_a_gated_repository_asks_for_its_licence_and_a_token(hub: Hub, match: str, waits: list[float]) -> None:
    hub.fault(match, "gated", 10_000)

    with pytest.raises(NoModel, match=r"Accept the licence of stabilityai/sd-turbo on its page .* and set HF_TOKEN"):
        checkpoints.fetch(TURBO, quiet)

    assert waits == []


def test_an_unknown_repository_is_named(hub: Hub) -> None:
    with pytest.raises(NoModel, match="There is no model nobody/nothing at"):
        checkpoints.fetch("nobody/nothing", quiet)


def test_a_listed_file_that_is_missing_ends_in_a_sentence(hub: Hub) -> None:
    hub.fault("/unet/config.json", "missing", 10_000)

    with pytest.raises(NoModel, match="lists a file that is not there"):
        checkpoints.fetch(TURBO, quiet)

    assert checkpoints.local(TURBO) is None


def test_without_a_network_the_sentence_names_the_settings(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub() as gone:
        address = gone.url
    point_at(address, monkeypatch)

    with pytest.raises(NoModel, match=r"HF_HOME .*HF_ENDPOINT.* cannot be reached.*python -m engine fetch"):
        checkpoints.fetch(TURBO, quiet)


def test_a_full_disk_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(file_download, "http_get", full)

    with pytest.raises(DiskFull, match="set HF_HOME to a larger disk"):
        checkpoints.fetch(TURBO, quiet)

    assert checkpoints.local(TURBO) is None


@pytest.mark.parametrize("filters", [True, False])
def test_pickles_alone_are_refused_whatever_a_stranger_offers(
    hub: Hub, tmp_path: Path, made: dict[str, Path], filters: bool
) -> None:
    hub.filters = filters
    folder = shutil.copytree(made[CLIP], tmp_path / "pickles")
    (folder / "model.safetensors").unlink()
    hub.add("old/clip", folder)
    hub.propose("old/clip", made[CLIP], author="somebody")

    with pytest.raises(NoModel, match="safetensors only"):
        checkpoints.fetch("old/clip", quiet)

    assert hub.asked("/resolve/") == []


def test_the_safetensors_that_the_hubs_converter_offers_are_taken(
    hub: Hub, tmp_path: Path, made: dict[str, Path]
) -> None:
    folder = shutil.copytree(made[CLIP], tmp_path / "pickles")
    (folder / "model.safetensors").unlink()
    hub.add("old/clip", folder)
    hub.propose("old/clip", made[CLIP], author=checkpoints.CONVERTER)

    here = checkpoints.fetch("old/clip", quiet)

    assert "model.safetensors" in fetched(here)
    assert checkpoints.local("old/clip") == here


@pytest.mark.parametrize("harm", ["shortened", "empty", "no weights", "no configuration"])
def test_a_damaged_checkpoint_counts_as_absent_and_is_not_used(hub: Hub, harm: str) -> None:
    folder = checkpoints.fetch(TURBO, quiet)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = weights.read_bytes()

    if harm in {"shortened", "empty"}:
        weights.resolve().write_bytes(tensors[:-1] if harm == "shortened" else b"")
    else:
        (weights if harm == "no weights" else folder / "unet" / "config.json").unlink()

    assert checkpoints.local(TURBO) is None


@pytest.mark.parametrize(
    "header", [b"[1]", b"1", b'{"a": {}}', b'{"a": {"data_offsets": ["x", "y"]}}', b"[" * 200_000], ids=range(5)
)
def test_a_header_that_is_none_of_safetensors_counts_as_damaged(
    tmp_path: Path, made: dict[str, Path], header: bytes
) -> None:
    folder = shutil.copytree(made[CLIP], tmp_path / "clip")
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)

    assert not files.is_whole(folder, half=False)


@pytest.mark.parametrize("index", ['{"weight_map": [1]}', '{"weight_map": {"a": 1}}', "[" * 200_000], ids=range(3))
def test_an_index_that_names_no_files_counts_as_damaged(tmp_path: Path, made: dict[str, Path], index: str) -> None:
    folder = shutil.copytree(made[CLIP], tmp_path / "clip")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(index)

    assert not files.is_whole(folder, half=False)


@pytest.mark.parametrize("harm", ["shortened", "no weights"])
def test_a_damaged_checkpoint_is_fetched_anew(hub: Hub, harm: str) -> None:
    folder = checkpoints.fetch(TURBO, quiet)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.resolve().write_bytes(b"half") if harm == "shortened" else weights.unlink()

    again = checkpoints.fetch(TURBO, quiet)

    assert checkpoints.local(TURBO) == again


def test_shards_count_as_whole_only_together(tmp_path: Path, made: dict[str, Path]) -> None:
    folder = shutil.copytree(made[CLIP], tmp_path / "shards")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    map_ = '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}'
    (folder / "model.safetensors.index.json").write_text(map_)

    one = files.is_whole(folder, half=False)
    shutil.copy(folder / "model-00001-of-00002.safetensors", folder / "model-00002-of-00002.safetensors")

    assert not one
    assert files.is_whole(folder, half=False)


def response(status: int) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("GET", "http://hub/a/b"))


SAMPLES: dict[type[Exception], Callable[[], Exception]] = {
    errors.HFValidationError: lambda: errors.HFValidationError("bad"),
    errors.OfflineModeIsEnabled: lambda: errors.OfflineModeIsEnabled("off"),
    httpx.TransportError: lambda: httpx.ReadTimeout("slow"),
    errors.FileMetadataError: lambda: errors.FileMetadataError("no commit"),
    errors.LocalEntryNotFoundError: lambda: errors.LocalEntryNotFoundError("not here"),
    errors.XetDownloadError: lambda: errors.XetDownloadError("gone"),
    json.JSONDecodeError: lambda: json.JSONDecodeError("no JSON", "<html>", 0),
    OSError: lambda: OSError(errno.EACCES, "Permission denied"),
}


@pytest.mark.parametrize("kind", [kind for kind, _ in failures.SENTENCES])
def test_every_row_of_the_table_gives_its_own_whole_sentence(kind: type[Exception]) -> None:
    make = SAMPLES.get(kind, lambda: kind("refused", response=response(403)))  # type: ignore[call-arg]

    said = str(failures.failure(make(), "a/b"))

    sentence = dict(failures.SENTENCES)[kind]
    assert said.startswith(sentence.split("{")[0])
    assert said.endswith((".", "owner/name."))
    assert "{" not in said


def test_the_hubs_address_and_home_come_from_the_environment(made: dict[str, Path], tmp_path: Path) -> None:
    with Hub() as hub:
        hub.add(TURBO, made[TURBO])
        code = f"from engine import checkpoints; print(checkpoints.fetch({TURBO!r}, lambda done, total: None))"
        environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "PATH": ""}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
        )

    assert Path(run.stdout.strip()).is_relative_to(tmp_path / "home" / "hub")
    assert hub.asked("/resolve/")


def test_listing_what_is_here_loads_no_torch() -> None:
    code = "import sys; from engine import checkpoints; checkpoints.local('a/b'); print('torch' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert run.stdout.strip() == "False"
