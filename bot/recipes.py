"""A recipe in words: a command that makes the same grid again, and everything that a picture depends on."""

from itertools import product

from bot import texts
from bot.arguments import values
from bot.commands import COMMANDS
from bot.errors import BadCommand
from bot.grammar import parse
from bot.jobs import JobRow
from engine.contract.grid import Plan
from engine.contract.orders import MakeGrid

TEXTS = ("prompt", "negative", "details")
MARKS = ("", '"', "'")


def recipe_text(job: JobRow, plan: Plan | None) -> str:
    """The command to paste, the model's settings, the fillers' prompts and the warnings."""
    order = job.order
    lines = [_command(order.model_copy(update={"seed": plan.seed}) if plan else order)]
    if plan:
        r = plan.recipe
        style = f", style {r.style} at {r.weight:g}" if r.style and r.weight is not None else ""
        lines.append(f"{r.model}{style}, {r.scheduler}, {r.steps} steps, guidance {r.guidance:g}, {r.size} pixels")
        if r.dressed_prompt != order.prompt:
            lines.append(f"The model reads: {texts.quoted(r.dressed_prompt, 400)}")
        lines.append(f"Profile {plan.profile}, judge {plan.judge}")
        lines += [", ".join(f"{name} {version}" for name, version in r.versions.items())] if r.versions else []
        if plan.filler_prompts:
            prompts = "; ".join(texts.plain(prompt, 100) for prompt in plan.filler_prompts[:12])
            lines.append(f"Fillers{' by ' + plan.writer if plan.writer else ''}: {prompts}")
        lines += [texts.plain(warning, 300) for warning in plan.warnings]
    lines += [f"Made from `{job.parent}`"] if job.parent else []
    return "\n".join(lines)


def _command(order: MakeGrid) -> str:
    """The command that is read as this very order; its texts come last, where a platform cuts what is too long."""
    fields = order.model_dump(mode="json", exclude_none=True, exclude={"kind"})
    options = " ".join(f"{name}:{_number(value)}" for name, value in fields.items() if name not in TEXTS)
    words = {name: fields[name] for name in TEXTS if name in fields}
    for marks in product(MARKS, repeat=len(words)):
        quoted = [f"{name}:{mark}{text}{mark}" for (name, text), mark in zip(words.items(), marks, strict=True)]
        command = " ".join(["/grid", options, *quoted])
        if "`" not in command and _read(command) == order:
            return f"`{command}`"
    return f"Its words cannot be pasted: a command would misread some of their characters. Its options are `{options}`."


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read(command: str) -> MakeGrid | None:
    try:
        order: MakeGrid = values(*parse(command, COMMANDS))["order"]
    except BadCommand:
        return None
    return order
