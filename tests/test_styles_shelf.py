"""Styles over HTTP: files, rename, delete, export and import, with a sentence for every bad one."""

import io
import json
import pickle
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from safetensors.torch import load, save
from torch import Tensor

from engine import embedded, styles
from engine.painter import FakePainter
from tests.engines import over_http, running_engine
from tests.styles import make_style


def left(folder: Path, pattern: str) -> list[str]:
    """The files that a test left, as paths below its folder."""
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob(pattern))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    return make_style(tmp_path_factory.mktemp("made"), "ink", unet, seed=3, words="in ink")


def zipped(files: dict[str, bytes], folder: str = "", packing: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return out.getvalue()


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on neither a file's text nor a new folder can be written."""

    def full(*_: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    def fill() -> None:
        monkeypatch.setattr(Path, "write_text", full)
        monkeypatch.setattr(tempfile, "mkdtemp", full)

    return fill


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_engine(tmp_path, FakePainter()) as engine, over_http(engine) as client:
        yield client


async def names(web: httpx.AsyncClient) -> list[str]:
    """Of our own styles, without those that come with the model."""
    return [card["name"] for card in (await web.get("/styles")).json() if not card["shipped"]]


async def test_an_exported_style_can_be_imported_under_another_name(web: httpx.AsyncClient, good: Path) -> None:
    first = await web.put("/styles/ink", content=zipped(files_of(good)))
    exported = await web.get("/styles/ink/export")

    second = await web.put("/styles/other", content=exported.content)

    assert (first.status_code, second.status_code) == (201, 201)
    assert await names(web) == ["ink", "other"]
    assert (await web.get("/styles/other")).json() == {
        "name": "other",
        "words": "in ink",
        "base": "embedded",
        "imported": True,
        "summary": "imported, rank 2",
        "shipped": False,
    }
    weights = (await web.get("/styles/other/files/adapter_model.safetensors")).content
    assert weights == files_of(good)["adapter_model.safetensors"]


async def test_on_a_full_disk_a_style_can_be_deleted_and_is_refused_or_left_as_it_is(
    web: httpx.AsyncClient, good: Path, tmp_path: Path, fill_the_disk: Callable[[], None]
) -> None:
    for name in ("ink", "pen"):
        await web.put(f"/styles/{name}", content=zipped(files_of(good)))
    before = files_of(tmp_path / "styles" / "ink")
    fill_the_disk()

    refused = await web.put("/styles/oil", content=zipped(files_of(good)))
    renamed = await web.post("/styles/ink/rename", params={"to": "brush"})
    deleted = await web.delete("/styles/pen")

    assert (refused.status_code, renamed.status_code, deleted.status_code) == (507, 507, 204)
    assert refused.json() == renamed.json()
    assert refused.json()["detail"].startswith("The disk is full: the style does not fit into")
    assert left(tmp_path / "styles", "*") == left(tmp_path / "styles", "ink") + left(tmp_path / "styles", "ink/*")
    assert files_of(tmp_path / "styles" / "ink") == before


@pytest.mark.parametrize("told", [b'{"words": "x", ', b"\xff"])
async def test_a_style_whose_card_is_damaged_hides_neither_itself_nor_others(
    web: httpx.AsyncClient, good: Path, tmp_path: Path, told: bytes
) -> None:
    for name in ("ink", "pen"):
        await web.put(f"/styles/{name}", content=zipped(files_of(good)))
    (tmp_path / "styles" / "ink" / "card.json").write_bytes(told)

    cards = (await web.get("/styles")).json()
    renamed = await web.post("/styles/ink/rename", params={"to": "brush"})

    assert [card for card in cards if card["name"] == "ink"] == [{"name": "ink", "shipped": False}]
    assert renamed.status_code == 204
    assert await names(web) == ["brush", "pen"]


async def test_a_file_with_a_name_that_no_disk_takes_is_not_there(web: httpx.AsyncClient, good: Path) -> None:
    await web.put("/styles/ink", content=zipped(files_of(good)))

    answer = await web.get(f"/styles/ink/files/{'a' * 300}.json")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The style “ink” has no file aaa")


async def test_a_style_in_a_folder_of_its_zip_is_found(web: httpx.AsyncClient, good: Path) -> None:
    assert (await web.put("/styles/ink", content=zipped(files_of(good), "some/where/"))).status_code == 201


async def test_checkpoints_of_the_training_in_a_style_s_zip_are_left_out(web: httpx.AsyncClient, good: Path) -> None:
    half = tensors(files_of(good), lambda _key, value: value / 2)
    files = {**files_of(good), **{f"checkpoint-100/{name}": data for name, data in half.items()}}

    answer = await web.put("/styles/ink", content=zipped(files, "ink/"))

    assert answer.status_code == 201
    weights = (await web.get("/styles/ink/files/adapter_model.safetensors")).content
    assert weights == files_of(good)["adapter_model.safetensors"]


async def test_a_zip_with_a_file_twice_is_refused(web: httpx.AsyncClient, good: Path) -> None:
    out = io.BytesIO(zipped(files_of(good)))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("card.json", b"{}")

    answer = await web.put("/styles/ink", content=out.getvalue())

    assert answer.status_code == 422
    assert "same name twice" in answer.json()["detail"]


async def test_a_damaged_zip_is_refused_with_a_sentence(web: httpx.AsyncClient, good: Path) -> None:
    whole = zipped({"a.json": b"{}" * 5000, **files_of(good)}, packing=zipfile.ZIP_DEFLATED)
    packed = whole.index(b"a.json") + len("a.json")
    broken = whole[:packed] + bytes(byte ^ 0xFF for byte in whole[packed : packed + 9]) + whole[packed + 9 :]

    answer = await web.put("/styles/ink", content=broken)

    assert answer.status_code == 422
    assert "not a zip that can be read" in answer.json()["detail"]


async def test_a_style_whose_card_cannot_be_read_does_not_hide_the_others(
    web: httpx.AsyncClient, good: Path, tmp_path: Path
) -> None:
    for name in ("ink", "pen"):
        await web.put(f"/styles/{name}", content=zipped(files_of(good)))
    (tmp_path / "styles" / "ink" / "card.json").write_text("[1]")

    assert await names(web) == ["ink", "pen"]


async def test_a_renamed_style_has_its_new_name_everywhere(web: httpx.AsyncClient, good: Path) -> None:
    await web.put("/styles/ink", content=zipped(files_of(good)))

    answer = await web.post("/styles/ink/rename", params={"to": "pen"})

    assert answer.status_code == 204
    assert await names(web) == ["pen"]
    card = (await web.get("/styles/pen")).json()
    assert (card["name"], card["was"]) == ("pen", "ink")


async def test_a_deleted_style_is_gone(web: httpx.AsyncClient, good: Path, tmp_path: Path) -> None:
    await web.put("/styles/ink", content=zipped(files_of(good)))

    answer = await web.delete("/styles/ink")

    assert answer.status_code == 204
    assert await names(web) == []
    assert left(tmp_path, "*ink*") == []


def without(files: dict[str, bytes], *gone: str) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name not in gone}


def changed(files: dict[str, bytes], **config: object) -> dict[str, bytes]:
    known = json.loads(files["adapter_config.json"])
    return {**files, "adapter_config.json": json.dumps({**known, **config}).encode()}


def tensors(files: dict[str, bytes], change: Callable[[str, Tensor], Tensor | None]) -> dict[str, bytes]:
    """Every tensor changed, or left out where there is None."""
    known = {key: change(key, value) for key, value in load(files["adapter_model.safetensors"]).items()}
    kept = {key: value.contiguous() for key, value in known.items() if value is not None}
    return {**files, "adapter_model.safetensors": save(kept)}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda files: without(files, "adapter_config.json"), "no adapter_config.json"),
        (lambda files: without(files, "adapter_model.safetensors"), "pickles above all, are never loaded"),
        (
            lambda files: {
                **without(files, "adapter_model.safetensors"),
                "adapter_model.bin": pickle.dumps({"a": 1}),
            },
            "no adapter_model.safetensors",
        ),
        (lambda files: {**files, "adapter_model.safetensors": b"\x80\x04"}, "not a complete safetensors file"),
        (lambda files: {**files, "adapter_config.json": b"{"}, "cannot be read"),
        (lambda files: {**files, "adapter_config.json": b"[1]"}, "is not a JSON object"),
        (lambda files: {**files, "card.json": b'"x"'}, "is not a JSON object"),
        (lambda files: {**files, "card.json": b"\xff\xfe"}, "cannot be read"),
        (lambda files: {**files, "card.json": b"[" * 100_000}, "cannot be read"),
        (lambda files: {**files, "card.json": b'{"summary": "\\ud800"}'}, "cannot be read"),
        (lambda files: {**files, "card.json": b'{"scores": NaN}'}, "cannot be read"),
        (lambda files: {**files, "card.json": b'{"words": {"a": 1}}'}, "are not text"),
        (lambda files: {**files, "card.json": json.dumps({"words": "ink " * 300}).encode()}, "a prompt can hold"),
        (lambda files: {**files, "card.json": json.dumps({"called": "a\0b"}).encode()}, "a prompt can hold"),
        (lambda files: {**files, "card.json": b'{"nearest": ["' + b"a" * 1_000_000 + b'"]}'}, "larger than 1 MB"),
        (
            lambda files: {f"{place}/{name}": files[name] for name in files for place in "ab"},
            "several styles, in a and b",
        ),
        (lambda files: changed(files, r=None), "does not give r and lora_alpha"),
        (lambda files: changed(files, peft_type="LOHA"), "does not describe a LoRA adapter"),
        (lambda files: changed(files, r=4), "is not of rank 4"),
        (lambda files: changed(files, r="2"), "does not give r and lora_alpha"),
        (lambda files: changed(files, lora_alpha=10**400), "does not give r and lora_alpha"),
        (lambda files: changed(files, lora_alpha="nan"), "does not give r and lora_alpha"),
        (lambda files: changed(files, alpha_pattern={r"(([a-z0-9_]+\.?)+)+X": 4}), "gives alpha_pattern"),
        (lambda files: changed(files, alpha_pattern={"to_k": "4"}), "gives alpha_pattern"),
        (lambda files: changed(files, use_rslora="no"), "gives use_rslora"),
        (lambda files: tensors(files, lambda key, value: value[0, 0] if "lora_A" in key else value), "another base"),
        (lambda files: tensors(files, lambda key, value: value[:, 0] if "lora_B" in key else value), "another base"),
        (
            lambda files: tensors(files, lambda key, value: value[..., None].repeat(1, 1, 9) if "_A" in key else value),
            "another base",
        ),
        (lambda files: tensors(files, lambda _key, value: None), "holds no tensor at all"),
        (lambda files: tensors(files, lambda key, value: value * ("lora_A" in key)), "all its B matrices are zero"),
        (lambda files: tensors(files, lambda key, value: value[:, :-1] if "lora_A" in key else value), "another base"),
        (lambda files: tensors(files, lambda key, value: None if "lora_A" in key else value), "stands alone"),
    ],
)
async def test_a_style_that_cannot_be_used_is_refused_and_leaves_nothing(
    web: httpx.AsyncClient, good: Path, tmp_path: Path, spoil: object, sentence: str
) -> None:
    files = spoil(files_of(good))  # type: ignore[operator]  # a function of the table above

    answer = await web.put("/styles/ink", content=zipped(files))

    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert await names(web) == []
    assert left(tmp_path, "adapter*") == []


@pytest.mark.parametrize("rslora", [False, True])
def test_a_layer_is_as_strong_as_peft_makes_it(tmp_path: Path, rslora: bool) -> None:
    pattern = {"attn1.to_k": 3.0, "to_k": 5.0, "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q": 7.0}
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    adapter = LoraConfig(r=2, lora_alpha=4, target_modules=["to_q", "to_k"], alpha_pattern=pattern, use_rslora=rslora)
    unet.add_adapter(adapter, adapter_name="ink")
    adapter.save_pretrained(str(tmp_path))
    layers = {name: part.scaling["ink"] for name, part in unet.named_modules() if hasattr(part, "scaling")}

    config = styles.config(tmp_path)

    assert len(set(layers.values())) == 4
    assert {layer: config.strength(layer) for layer in layers} == layers


async def test_what_is_no_zip_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.put("/styles/ink", content=b"hello")

    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "This is not a zip that can be read. Send the style's folder as a zip.",
    )


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_a_zip_that_python_unpacks_into_memory_at_once_is_refused(
    web: httpx.AsyncClient, good: Path, tmp_path: Path, packing: int
) -> None:
    answer = await web.put("/styles/ink", content=zipped(files_of(good), packing=packing))

    assert (answer.status_code, answer.json()["detail"].partition(".")[0]) == (
        422,
        "The zip is packed in an unusual way",
    )
    assert left(tmp_path, "adapter*") == []


async def test_a_path_in_a_zip_or_in_a_name_leads_nowhere(web: httpx.AsyncClient, good: Path, tmp_path: Path) -> None:
    evil = {**files_of(good), "../../escaped.json": b"{}", "run.py": b"print()"}

    await web.put("/styles/ink", content=zipped(evil))

    assert left(tmp_path, "escaped.json") == []
    assert left(tmp_path, "run.py") == []
    assert (await web.get("/styles/ink/files/..%2F..%2Fengine.lock")).status_code in {404, 422}
    assert (await web.put("/styles/In K", content=b"")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/styles/inc"), ("DELETE", "/styles/inc"), ("GET", "/styles/inc/export")]
)
async def test_a_style_that_is_not_there_is_answered_with_the_nearest(
    web: httpx.AsyncClient, good: Path, method: str, path: str
) -> None:
    await web.put("/styles/ink", content=zipped(files_of(good)))

    answer = await web.request(method, path)

    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no “inc”. Did you mean ink?")


async def test_a_name_that_is_taken_is_refused(web: httpx.AsyncClient, good: Path) -> None:
    data = zipped(files_of(good))
    await web.put("/styles/ink", content=data)
    await web.put("/styles/pen", content=data)

    again = await web.put("/styles/ink", content=data)
    renamed = await web.post("/styles/pen/rename", params={"to": "ink"})

    assert (again.status_code, renamed.status_code) == (422, 422)
    assert "There is already a style “ink”" in again.json()["detail"]


@pytest.mark.parametrize("way", ["take", "rename"])
async def test_a_name_that_is_taken_at_the_same_time_is_refused(
    web: httpx.AsyncClient, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    await web.put("/styles/other", content=zipped(files_of(good)))
    free = styles.refuse_taken

    def late(name: str, *given: Any) -> None:
        free(name, *given)
        shutil.copytree(good, tmp_path / "styles" / name)

    monkeypatch.setattr(styles, "refuse_taken", late)
    if way == "take":
        answer = await web.put("/styles/mine", content=zipped(files_of(good)))
    else:
        answer = await web.post("/styles/other/rename", params={"to": "mine"})

    assert answer.status_code == 422
    assert "There is already a style “mine”" in answer.json()["detail"]
    assert left(tmp_path, "*.half") == []
    assert sorted(await names(web)) == ["mine", "other"]
