"""The UNet (5.4 million parameters), trained together with its text encoder."""

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.embedded.training import latents, pictures
from engine.embedded.training.autoencoder import CHANNELS
from engine.embedded.training.average import Average
from engine.embedded.training.crew import Crew, work_together
from engine.embedded.training.keeping import Keeper
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.noising import Noising
from engine.embedded.training.reading import Lines, Reading
from engine.embedded.training.workshop import Workshop, write_json
from engine.quiet import quiet

_BATCH = {"cpu": 32, "cuda": 256}
_RATE, _TEXT_RATE = 1e-3, 5e-4


def make(workshop: Workshop, steps: int) -> dict[str, Any]:
    workshop.denoiser.mkdir(exist_ok=True)
    processes = workshop.processes if workshop.device == "cpu" else 1
    work_together(_learn, processes, workshop, steps)
    measures: dict[str, Any] = json.loads((workshop.denoiser / "measured.json").read_text())
    return measures


def _learn(crew: Crew, workshop: Workshop, steps: int) -> None:
    # This is a new process.
    quiet()
    torch.manual_seed(workshop.seed)
    unet, text = _build().to(workshop.device), _text_encoder(workshop).to(workshop.device)
    averages = Average(unet), Average(text)
    reading = _reading(crew, workshop)
    groups = [rated(unet.parameters(), _RATE), rated(text.parameters(), _TEXT_RATE)]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    parameters = [parameter for group in groups for parameter in group["params"]]

    def measure() -> dict[str, float]:
        return _measure(reading, averages[0].model, averages[1].model) if crew.leads else {}

    parts = {"unet": unet, "text": text, "average_unet": averages[0].model, "average_text": averages[1].model}
    keeper = Keeper(workshop.checkpoint("denoiser"), optimizer, **parts)
    lesson = Lesson("denoiser" if crew.leads else "", steps, measure, keeper)
    for share in lesson:
        set_rate(optimizer, share, lesson.steps, warm_up=150, flat=0.3, floor=0.02)
        lines = reading.lines(_BATCH[workshop.device])
        loss: Any = lines.noised.loss(_answer(unet, text, lines)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        crew.average_gradients(parameters)
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        for average in averages:
            average.follow(lesson.steps)
        lesson.learned(loss.item())
    if crew.leads:
        averages[0].model.save_pretrained(workshop.denoiser / "unet")
        averages[1].model.save_pretrained(workshop.denoiser / "text_encoder")
        write_json(workshop.denoiser / "measured.json", lesson.result())
        keeper.forget()


def _answer(unet: Any, text: Any, lines: Lines) -> Tensor:
    noised = lines.noised
    with torch.autocast(noised.inputs.device.type, dtype=torch.bfloat16):
        answer: Tensor = unet(noised.inputs, noised.timesteps, text(lines.ids).last_hidden_state).sample
    return answer


def _reading(crew: Crew, workshop: Workshop) -> Reading:
    from transformers import CLIPTokenizer

    drawings = pictures.load(workshop)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.tokenizer)
    seed = workshop.seed + 777 * crew.rank
    noising = Noising(workshop.device)
    return Reading(latents.load(workshop), drawings, tokenizer, noising, np.random.default_rng(seed), workshop.device)


def _build() -> Any:
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor

    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=(48, 96, 128),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=128,
        attention_head_dim=(1, 3, 4),
        norm_num_groups=16,
    )
    # The backward pass of torch's fused attention took a quarter of each step on a CPU.
    unet.set_attn_processor(AttnProcessor())
    return unet


def _text_encoder(workshop: Workshop) -> Any:
    from transformers import CLIPTextModel

    return CLIPTextModel.from_pretrained(workshop.reader, attn_implementation="eager")


@torch.no_grad()
def _measure(reading: Reading, unet: Any, text: Any) -> dict[str, float]:
    """The loss on fixed draws of held-out pictures, with captions and without: the gap is what the words add."""
    losses = {}
    for name, lines in (("held_out", reading.held_out()), ("without_words", reading.held_out(words=False))):
        losses[name] = lines.noised.loss(_answer(unet, text, lines)).mean().item()
    return losses
