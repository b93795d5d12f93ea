"""A recipe in words: a command that makes the same grid again, and everything that a picture depends on."""

from bot import texts
from bot.jobs import JobRow
from engine.contract.grid import Plan


def recipe_text(job: JobRow, plan: Plan | None) -> str:
    """The command to paste, the model's settings, the fillers' prompts and the warnings."""
    order = job.order
    seed = plan.seed if plan else order.seed
    given = order.model_dump(mode="json", exclude_none=True, exclude={"kind", "prompt", "seed"})
    options = [f"{name}:{_value(value)}" for name, value in given.items()] + (
        [f"seed:{seed}"] if seed is not None else []
    )
    lines = [f"`/grid prompt:{_value(order.prompt)} {' '.join(options)}`"]
    if plan:
        r = plan.recipe
        style = f", style {r.style} at {r.weight:g}" if r.style and r.weight is not None else ""
        lines.append(f"{r.model}{style}, {r.scheduler}, {r.steps} steps, guidance {r.guidance:g}, {r.size} pixels")
        if r.dressed_prompt != order.prompt:
            lines.append(f"The model reads: {texts.quoted(r.dressed_prompt, 400)}")
        lines.append(f"Profile {plan.profile}, judge {plan.judge}")
        lines += [", ".join(f"{name} {version}" for name, version in r.versions.items())] if r.versions else []
        if plan.filler_prompts:
            told = "; ".join(texts.plain(prompt, 100) for prompt in plan.filler_prompts[:12])
            lines.append(f"Fillers{' by ' + plan.writer if plan.writer else ''}: {told}")
        lines += [texts.plain(warning, 300) for warning in plan.warnings]
    lines += [f"Made from `{job.parent}`"] if job.parent else []
    return "\n".join(lines)


def _value(value: object) -> str:
    text = str(value).replace("`", "ˋ")
    return f'"{text}"' if ":" in text or "=" in text else text
