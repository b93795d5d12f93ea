"""/queue: what runs and waits, one's place, the expected time and why."""

from bot import texts
from bot.asked import Asked
from bot.chat import Message

NOTHING = "Nothing is being painted, and nothing is waiting."


async def queue(asked: Asked) -> Message:
    """What is being painted, what is waiting, your place in the queue, and why."""
    places = await asked.line.places()
    pace = await asked.line.pace()
    running = await asked.parts.jobs.in_state("lent")
    trainings = [job for job in running if job.training]
    running = [job for job in running if not job.training]
    made_jobs = await asked.parts.jobs.in_state("made")
    posting = f", {len(made_jobs)} being posted" if made_jobs else ""
    grids, all_jobs = bool(running or made_jobs or places), [*running, *made_jobs, *trainings]
    lines = [f"{len(running)} being painted{posting}, {len(places)} waiting." if grids else NOTHING]
    lines += [
        f"Training `{job.id}`, the style {texts.plain(job.prompt, 40)}, in the time that grids leave free"
        for job in trainings
    ]
    lines += [
        f"Painting `{job.id}` {texts.quoted(job.prompt, 80)}: {job.painted} of {job.cost} pictures"
        for job in running
        if job.person == asked.who
    ]
    lines += [f"Posting `{job.id}` {texts.quoted(job.prompt, 80)}" for job in made_jobs if job.person == asked.who]
    own_places = [place for place in places.values() if place.person == asked.who]
    lines += [f"`{place.id}`: {texts.waiting(place.place, place.eta(pace), place.why)}" for place in own_places]
    if (all_jobs or places) and not own_places and not any(job.person == asked.who for job in all_jobs):
        lines.append("None of them is yours.")
    absent = asked.parts.engine.absent
    if absent:
        why = "" if own_places else f"Nothing is being painted: {absent}. "
        lines.append(f"{why}Everything here is kept and continues by itself.")
    return Message("\n".join(lines))
