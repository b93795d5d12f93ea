"""The denoiser's text encoder, before it meets a picture: it learns to tell from a caption what the caption tells.

A few minutes that teach it which colour belongs to what. It shares nothing with the judge: other start, other task.
"""

import shutil
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from engine.embedded.drawings.facts import KINDS
from engine.embedded.training import pictures
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.tokenizer import LENGTH, token_ids
from engine.embedded.training.workshop import Workshop

_BATCH, _RATE, _WIDTH = 128, 1.5e-3, 128
_MOST = 32
"""No kind of fact has more values, with "untold" as one of them."""
_HELD_OUT = 512


def make(workshop: Workshop, steps: int) -> dict[str, Any]:
    from transformers import CLIPTokenizer

    torch.manual_seed(workshop.seed + 31)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.tokenizer)
    drawings, rng = pictures.load(workshop), np.random.default_rng(workshop.seed + 31)
    text, heads = _build(tokenizer).to(workshop.device), _Heads().to(workshop.device)
    rows, held_out = drawings.training("colour", "ink"), drawings.held_out("colour")[:_HELD_OUT]
    optimizer = torch.optim.AdamW([rated([*text.parameters(), *heads.parameters()], _RATE)], weight_decay=0.01)

    def batch(indices: Any, numbers: Any) -> tuple[Any, Any]:
        ids = token_ids(tokenizer, [drawings.captions[row][n] for row, n in zip(indices, numbers, strict=True)])
        # One further, so that "untold" is a class of its own.
        return ids.to(workshop.device), torch.from_numpy(drawings.caption_facts[indices, numbers] + 1).to(
            workshop.device
        )

    @torch.no_grad()
    def measure() -> dict[str, float]:
        ids, facts = batch(held_out, np.zeros(len(held_out), np.int64))
        return {"facts_right": (heads(text(ids).last_hidden_state).argmax(-1) == facts).float().mean().item()}

    lesson = Lesson("reader", steps, measure)
    for share in lesson:
        set_rate(optimizer, share, lesson.steps, warm_up=50)
        ids, facts = batch(rng.choice(rows, _BATCH), rng.integers(0, pictures.CAPTIONS, _BATCH))
        loss: Any = functional.cross_entropy(heads(text(ids).last_hidden_state).flatten(0, 1), facts.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimizer.step()
        lesson.learned(loss.item())
    shutil.rmtree(workshop.reader, ignore_errors=True)
    text.eval().save_pretrained(workshop.reader)
    return lesson.result()


class _Heads(nn.Module):
    """Reads the facts off the words: the largest over all places, so that every word may carry its own."""

    def __init__(self) -> None:
        super().__init__()
        self.tell = nn.Linear(_WIDTH, len(KINDS) * _MOST)

    def forward(self, hidden: Any) -> Any:
        """(n, tokens, width) to (n, kinds, values)."""
        return self.tell(hidden).amax(1).view(len(hidden), len(KINDS), _MOST)


def _build(tokenizer: Any) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        intermediate_size=4 * _WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        projection_dim=_WIDTH,
        max_position_embeddings=LENGTH,
        # The text tower pools at the end mark, so it must know the tokenizer's own number for it.
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config._attn_implementation = "eager"  # noqa: SLF001 - there is no other way to say it for a new model
    return CLIPTextModel(config)
