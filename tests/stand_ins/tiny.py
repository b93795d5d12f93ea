"""Tiny checkpoints with random weights in the folder layouts of v1-4, sd-turbo and a CLIP judge; the same every time.

The classes, the file names and the scheduler settings are the real ones; only widths and vocabulary are small.
Pictures are 64 x 64 pixels (latents 8 x 8, as everywhere an eighth of the side).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

SIDE = 64
EYE = 32  # what the judge and the safety checker look at
WIDTH = 32
CONTEXT = 77
SHAPE = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "num_attention_heads": 4}
START, END = "<|startoftext|>", "<|endoftext|>"
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]

# The betas that v1-4 and sd-turbo were both trained with (their scheduler_config.json).
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def v1_4(folder: Path, *, half: bool = False, withholds: bool = False) -> Path:
    """As CompVis/stable-diffusion-v1-4: PNDM, a safety checker (it passes every picture, or `withholds` every one),
    a feature extractor, a tokenizer of vocab.json and merges.txt. `half` adds the fp16 files beside the others."""
    with _seed(1):
        scheduler = PNDMScheduler(**BETAS, skip_prk_steps=True, set_alpha_to_one=False)
        parts = _parts(folder, "quick_gelu", attention_head_dim=8)
        checker = StableDiffusionSafetyChecker(_clip_config())
    # A picture is withheld where its cosine to a concept is above the concept's threshold, so 2 is out of reach.
    torch.nn.init.constant_(checker.concept_embeds_weights, -2.0 if withholds else 2.0)
    torch.nn.init.constant_(checker.special_care_embeds_weights, 2.0)
    _save(folder, half, scheduler=scheduler, **parts)
    if half:
        deepcopy(checker).half().save_pretrained(folder / "safety_checker", variant="fp16")
    checker.save_pretrained(folder / "safety_checker")
    processor(folder / "feature_extractor")
    index = json.loads((folder / "model_index.json").read_text())
    index["feature_extractor"] = ["transformers", "CLIPImageProcessor"]
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    _write(folder / "model_index.json", {**index, "requires_safety_checker": True})
    return folder


def turbo(folder: Path, *, half: bool = False) -> Path:
    """As stabilityai/sd-turbo: Euler, trailing timesteps, predicts epsilon, no safety checker, linear projections."""
    with _seed(2):
        scheduler = EulerDiscreteScheduler(**BETAS, timestep_spacing="trailing", prediction_type="epsilon")
        parts = _parts(folder, "gelu", attention_head_dim=(4, 8), use_linear_projection=True)
    _save(folder, half, scheduler=scheduler, **parts)
    return folder


def judge(folder: Path) -> Path:
    """As openai/clip-vit-base-patch32: a CLIPModel at the root, with its tokenizer and its image processor."""
    with _seed(3):
        model = CLIPModel(_clip_config())
    model.save_pretrained(folder)
    tokenizer(folder)
    processor(folder)
    return folder


def _parts(folder: Path, act: str, **unet: Any) -> dict[str, Any]:
    # The tokenizer is written by hand, as the real repositories have it, and loaded back for the pipeline.
    tokenizer(folder / "tokenizer")
    return {
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        "text_encoder": CLIPTextModel(_text_config(hidden_act=act)),
        "unet": UNet2DConditionModel(
            sample_size=SIDE // 8,
            block_out_channels=(WIDTH, WIDTH),
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=WIDTH,
            norm_num_groups=8,
            **unet,
        ),
        "vae": AutoencoderKL(
            block_out_channels=(8, 8, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            norm_num_groups=4,
            sample_size=SIDE,
        ),
    }


def _save(folder: Path, half: bool, **parts: Any) -> None:
    pipeline = StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    if half:
        for name in ("text_encoder", "unet", "vae"):
            deepcopy(parts[name]).half().save_pretrained(folder / name, variant="fp16")
    # After the halves: each save writes config.json anew, and the type in it must be the full one.
    pipeline.save_pretrained(folder)
    # transformers 5 writes a tokenizer.json; the real repositories of these two models have none.
    (folder / "tokenizer" / "tokenizer.json").unlink()
    tokenizer(folder / "tokenizer")


def _text_config(**more: Any) -> CLIPTextConfig:
    ids = {"vocab_size": len(_vocabulary()), "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}
    # CLIP pools at the token with the highest id where eos_token_id is the historical 2, as in the real files.
    return CLIPTextConfig(**ids, max_position_embeddings=CONTEXT, **SHAPE, **more)


def _clip_config() -> CLIPConfig:
    vision = {**SHAPE, "image_size": EYE, "patch_size": 8, "projection_dim": WIDTH}
    text = {**_text_config().to_dict(), "projection_dim": WIDTH}
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH)


def _vocabulary() -> list[str]:
    """Every byte, alone and at the end of a word: any text can be read. The end mark has the highest id, as in CLIP."""
    letters = sorted(ByteLevel.alphabet())
    return [*letters, *(f"{letter}</w>" for letter in letters), "ca</w>", START, END]


def tokenizer(folder: Path) -> None:
    """A CLIP tokenizer's files as the real repositories have them, with a small vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "vocab.json", {token: number for number, token in enumerate(_vocabulary())})
    (folder / "merges.txt").write_text("#version: 0.2\nc a</w>\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    _write(folder / "special_tokens_map.json", special)
    _write(
        folder / "tokenizer_config.json",
        {**special, "tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT, "do_lower_case": True},
    )


def processor(folder: Path, eye: int = EYE) -> None:
    """A CLIPImageProcessor for a model that looks at `eye` x `eye` pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "crop_size": {"height": eye, "width": eye},
            "size": {"shortest_edge": eye},
            "do_center_crop": True,
            "do_convert_rgb": True,
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": CLIP_MEAN,
            "image_std": CLIP_STD,
            "resample": 3,
            "rescale_factor": 1 / 255,
        },
    )


def _write(file: Path, data: Any) -> None:
    file.write_text(json.dumps(data, indent=2, sort_keys=True), encoding="utf-8")


@contextmanager
def _seed(number: int) -> Iterator[None]:
    """Random weights of their own, without touching the caller's generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number)
        yield
