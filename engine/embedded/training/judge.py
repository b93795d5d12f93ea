"""The judge, a CLIPModel of 1.6 million parameters, trained on drawings and on texts that are right or nearly so.

A first judge knew 36 % of the subjects while its retrieval looked fine: it went by colours and places. So this one is
given short texts as well, near misses (the same subject in another colour, another subject in the same), and names the
facts of each picture on the side. Every text counts as right for every picture of which it is true.
"""

import math
import shutil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.drawings import right
from engine.embedded.drawings.facts import PLACES, WORN
from engine.embedded.training import pictures
from engine.embedded.training.exam import Exam
from engine.embedded.training.gaps import naming_losses, unlearned
from engine.embedded.training.judging import tensor, text_vectors
from engine.embedded.training.keeping import Keeper
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.texts import Library, Texts, joined
from engine.embedded.training.tokenizer import LENGTH
from engine.embedded.training.workshop import Workshop
from engine.embedded.vocabulary import COLOURS, SUBJECTS

_BATCH, _RATE, _SHORT, _NAMING = 64, 1.2e-3, 0.4, 1.0
_NAMED = ("subject", "colour", "worn", "place")
_SHARPEST = math.log(60)
"""The logit scale's bound; CLIP's own is 100."""
_NOT_SEEN = -1e4
"""The logit of a text that is left out; finite, as it is multiplied by 0."""


def make(workshop: Workshop, steps: int) -> dict[str, Any]:
    from transformers import CLIPImageProcessorPil, CLIPTokenizer

    torch.manual_seed(workshop.seed)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.tokenizer)
    judge = _build(tokenizer).to(workshop.device)
    lesson = _teach(workshop, judge, tokenizer, steps)
    judge.eval().save_pretrained(workshop.judge)
    tokenizer.save_pretrained(workshop.judge)
    size = {"height": 64, "width": 64}
    half = [0.5] * 3
    CLIPImageProcessorPil(size={"shortest_edge": 64}, crop_size=size, image_mean=half, image_std=half).save_pretrained(
        workshop.judge
    )
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(workshop.tokenizer / name, workshop.judge)
    return lesson.result()


def _build(tokenizer: Any) -> Any:
    from transformers import CLIPConfig, CLIPModel

    shared = {"hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 4, "projection_dim": 128}
    # The text tower pools at the end mark, so it must know the tokenizer's own number for it.
    marks = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    text = {**shared, **marks, "num_hidden_layers": 3, "vocab_size": len(tokenizer), "max_position_embeddings": LENGTH}
    vision = {**shared, "num_hidden_layers": 4, "image_size": 64, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=128)
    # The backward pass of torch's fused attention is slow on a CPU.
    config._attn_implementation = "eager"  # noqa: SLF001 - there is no other way to say it for a new model
    return CLIPModel(config)


def _teach(workshop: Workshop, judge: Any, tokenizer: Any, steps: int) -> Lesson:
    drawings, rng = pictures.load(workshop), np.random.default_rng(workshop.seed)
    library, heads = Library(drawings, tokenizer), _Heads(judge.config.vision_config.hidden_size).to(workshop.device)
    rows = drawings.training("colour", "ink", "sketch")
    parameters = [*judge.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW([rated(parameters, _RATE)], betas=(0.9, 0.98), weight_decay=0.02)
    exam = Exam(workshop.seed, tokenizer)
    keeper = Keeper(workshop.checkpoint("judge"), optimizer, judge=judge, heads=heads)
    lesson = Lesson("judge", steps, lambda: exam.of_judge(judge), keeper)
    for share in lesson:
        set_rate(optimizer, share, lesson.steps, warm_up=60)
        indices = rng.choice(rows, _BATCH, replace=False)
        facts = drawings.picture_facts[indices]
        short = rng.random() < _SHORT
        texts = library.short(facts, rng) if short else library.captions(indices, rng)
        texts = joined(texts, library.near_misses(facts[: _BATCH // 2], rng))
        loss: Any = _loss(judge, heads, tensor(drawings.pixels[indices], workshop.device), texts, facts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        lesson.learned(loss.item())
    keeper.forget()
    return lesson


class _Heads(nn.Module):
    """Names what a picture shows; thrown away after the training, in which it teaches the judge where to look."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.each = nn.ModuleList(
            nn.Linear(width, size) for size in (len(SUBJECTS), len(COLOURS), len(WORN), len(PLACES))
        )

    def loss(self, pooled: Tensor, facts: Tensor) -> Tensor:
        losses = [naming_losses(head(pooled), facts, kind).mean() for kind, head in zip(_NAMED, self.each, strict=True)]
        return sum(losses[1:], losses[0])


def _loss(judge: Any, heads: _Heads, images: Tensor, texts: Texts, facts: Any) -> Tensor:
    device = images.device
    with torch.autocast(device.type, dtype=torch.bfloat16):
        pooled = judge.vision_model(pixel_values=images).pooler_output
        image_vectors = functional.normalize(judge.visual_projection(pooled), dim=-1)
        text_features = text_vectors(judge, texts.ids.to(device))
    true = torch.from_numpy(right(texts.facts, facts)).to(device)
    logits = judge.logit_scale.clamp(max=_SHARPEST).exp() * image_vectors.float() @ text_features.float().T
    logits = logits.masked_fill(torch.from_numpy(unlearned(texts.facts, facts)).to(device), _NOT_SEEN)
    naming_loss = heads.loss(pooled.float(), torch.from_numpy(facts).to(device))
    return contrast(logits, true) + _NAMING * naming_loss


def contrast(logits: Tensor, true: Tensor) -> Tensor:
    """CLIP's symmetric cross entropy, (pictures, texts), where a text may be right for several pictures or none."""
    share = true.float()
    of_pictures = -(share / share.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1)
    has_picture = share.sum(0) > 0
    of_texts = -(share / share.sum(0).clamp(min=1) * logits.log_softmax(0)).sum(0)[has_picture]
    return (of_pictures.mean() + of_texts.mean()) / 2
