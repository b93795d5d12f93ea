"""A hub cache with v1-4 and its judge in their real shapes, with random weights, so that the engine starts as ever."""

from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from huggingface_hub.file_download import repo_folder_name
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from bench.architectures import Model
from engine.contract.approaches import JUDGES, V1_4
from tests.stand_ins import tiny as stand_in

COMMIT = "0" * 40
EYE = 224
# What CLIP ViT-L/14 and ViT-B/32 tell of themselves in their config.json.
LARGE = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
SMALL = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8}
SEES_LARGE = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "patch_size": 14,
}
SEES_SMALL = {**LARGE, "patch_size": 32}


def lay(hub: Path, model: Model, *, tiny: bool) -> None:
    """Into `hub` (HF_HOME); v1-4 in half precision, as it is fetched for a card. `tiny`: the stand-ins of the tests."""
    if tiny:
        stand_in.v1_4(_snapshot(hub, V1_4))
        stand_in.judge(_snapshot(hub, JUDGES["full"]))
        return
    _v1_4(_snapshot(hub, V1_4), model)
    _judge(_snapshot(hub, JUDGES["full"]), model.device)


def _snapshot(hub: Path, repo: str) -> Path:
    home = hub / "hub" / repo_folder_name(repo_id=repo, repo_type="model")
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(COMMIT)
    return home / "snapshots" / COMMIT


def _v1_4(folder: Path, model: Model) -> None:
    with torch.device(model.device):
        reads = CLIPTextModel(_text(LARGE)).half()
        checker = StableDiffusionSafetyChecker(_clip(LARGE, SEES_LARGE, 768)).half()
    # A picture is withheld where its cosine to a concept is above the concept's threshold, so 2 is out of reach.
    torch.nn.init.constant_(checker.concept_embeds_weights, 2.0)
    torch.nn.init.constant_(checker.special_care_embeds_weights, 2.0)
    stand_in.tokenizer(folder / "tokenizer")
    stand_in.processor(folder / "feature_extractor", EYE)
    pipe = StableDiffusionPipeline(
        vae=model.vae,
        text_encoder=reads,
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        unet=model.unet,
        scheduler=model.scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder, variant="fp16")
    checker.save_pretrained(folder / "safety_checker", variant="fp16")


def _judge(folder: Path, device: torch.device) -> None:
    with torch.device(device):
        model = CLIPModel(_clip(SMALL, SEES_SMALL, 512))
    model.save_pretrained(folder)
    stand_in.tokenizer(folder)
    stand_in.processor(folder, EYE)


def _text(shape: dict[str, int]) -> CLIPTextConfig:
    # The historical end of text, as in the real files: CLIP then pools at the token with the highest id.
    return CLIPTextConfig(**shape, vocab_size=49408, hidden_act="quick_gelu", eos_token_id=2)


def _clip(text: dict[str, int], sees: dict[str, int], width: int) -> CLIPConfig:
    vision: dict[str, Any] = {**sees, "image_size": EYE, "projection_dim": width}
    return CLIPConfig(text_config=_text(text).to_dict(), vision_config=vision, projection_dim=width)
