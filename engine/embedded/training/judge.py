"""Stage 3: the judge, a CLIPModel of 1.6 million parameters, trained on drawings and captions.

In 45 % of the batches a text names the subject alone. Without them a first judge knew 36 % of the subjects while its
retrieval looked fine; with them, and trained longer, 77 %.
"""

import math
import shutil
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.embedded.drawings.captions import article
from engine.embedded.training import judging, pictures
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.tokenizer import LENGTH, token_ids
from engine.embedded.training.workshop import Workshop
from engine.embedded.vocabulary import OPENINGS, SUBJECTS

_BATCH, _RATE, _SUBJECT_ONLY = 128, 1.5e-3, 0.45
_SHARPEST = math.log(60)
"""The logit scale's bound; CLIP's own is 100."""


def make(workshop: Workshop, minutes: float) -> dict[str, Any]:
    from transformers import CLIPImageProcessorPil, CLIPTokenizer

    torch.manual_seed(workshop.seed)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.tokenizer)
    judge = _build(tokenizer).to(workshop.device)
    lesson = _teach(workshop, judge, tokenizer, minutes)
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
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=128))


def _teach(workshop: Workshop, judge: Any, tokenizer: Any, minutes: float) -> Lesson:
    shown, rng = pictures.load(workshop), np.random.default_rng(workshop.seed)
    rows = np.concatenate([shown.training, shown.training_sketches])
    ids = token_ids(tokenizer, [text for told in shown.captions for text in told]).view(-1, pictures.CAPTIONS, LENGTH)
    bare = token_ids(tokenizer, [o + article(s) for s in SUBJECTS for o in OPENINGS]).view(len(SUBJECTS), -1, LENGTH)
    subjects = torch.tensor(shown.subjects)
    optimizer = torch.optim.AdamW([rated(judge.parameters(), _RATE)], betas=(0.9, 0.98), weight_decay=0.02)
    lesson = Lesson("judge", minutes, lambda: _measure(workshop, judge, tokenizer, shown))
    for share in lesson:
        set_rate(optimizer, share, lesson.steps, warm_up=60)
        chosen = rng.choice(rows, _BATCH, replace=False)
        subject_only = rng.random() < _SUBJECT_ONLY
        if subject_only:
            texts = bare[subjects[chosen], rng.integers(0, len(OPENINGS), _BATCH)]
            same = subjects[chosen][:, None] == subjects[chosen][None]
        else:
            texts = ids[chosen, rng.integers(0, pictures.CAPTIONS, _BATCH)]
            same = (texts[:, None] == texts[None]).all(-1)
        loss = _loss(judge, judging.tensor(shown.pixels[chosen], workshop.device), texts, same)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimizer.step()
        lesson.learned(loss.item())
    return lesson


def _loss(judge: Any, seen: Tensor, texts: Tensor, same: Tensor) -> Any:
    """CLIP's symmetric cross entropy, where equal texts are all right answers instead of each other's wrong ones."""
    device = seen.device
    with torch.autocast(device.type, dtype=torch.bfloat16):
        looked, read = judging.picture_vectors(judge, seen), judging.text_vectors(judge, texts.to(device))
    logits = judge.logit_scale.clamp(max=_SHARPEST).exp() * looked.float() @ read.float().T
    right = same.to(device).float()
    right = right / right.sum(1, keepdim=True)
    return -((right * logits.log_softmax(1)).sum(1).mean() + (right * logits.T.log_softmax(1)).sum(1).mean()) / 2


@torch.no_grad()
def _measure(workshop: Workshop, judge: Any, tokenizer: Any, shown: pictures.Pictures) -> dict[str, float]:
    judge.eval()
    rows = shown.held_out
    seen = judging.look_at(judge, shown.pixels[rows], workshop.device)
    ids = token_ids(tokenizer, [shown.captions[row][0] for row in rows]).to(workshop.device)
    read = judging.text_vectors(judge, ids)
    subjects = judging.subject_accuracy(judge, tokenizer, seen, (shown.subjects[row] for row in rows))
    judge.train()
    return {**judging.agreement(seen, read), "subject": subjects}
