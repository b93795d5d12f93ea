"""The first line of everything that is said about a job, whatever its kind."""

from bot import texts
from bot.jobs import JobRow


def heading(job: JobRow) -> str:
    """A grid's prompt and approach, what a comparison compares, or a training's style; then the job's id."""
    if job.training:
        return f"*Training the style {texts.plain(job.prompt, 40)}* · `{job.id}`"
    if job.comparison:
        return f"*{texts.plain(job.prompt)}* · comparing {job.comparison_order.compares} · `{job.id}`"
    return texts.head(job.prompt, job.order.approach, job.order.style, job.id)
