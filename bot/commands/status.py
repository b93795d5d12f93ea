"""/status: what moderators want to know of the engine and the line."""

from bot import texts
from bot.asked import Asked
from bot.chat import Message

FAILURES = """
SELECT reason, COUNT(*) AS n FROM jobs WHERE ended_at > :since AND state = 'failed' GROUP BY reason ORDER BY n DESC
"""
MEGA = 1_000_000


async def status(asked: Asked) -> Message:
    """The engine, its device and memory, the queue and its oldest job, and the last day's failures."""
    parts, now = asked.parts, asked.parts.clock()
    waiting = await parts.jobs.in_state("waiting")
    oldest = f", the oldest for {texts.duration(now - waiting[0].queued_at)}" if waiting else ""
    rows = await parts.database.read(FAILURES, since=now - 86_400)
    failures = ", ".join(f"{row['n']} {row['reason']}" for row in rows) or "none"
    used = await parts.pictures.used()
    lines = [
        await _engine(asked),
        f"Queue: {len(waiting)} waiting{oldest}; {len(await parts.jobs.in_state('lent'))} in the engine.",
        f"Failures in the last day: {failures}.",
        f"Pictures: {used / MEGA:,.0f} of {parts.settings.disk_budget_mb:,} MB.",
    ]
    return Message("\n".join(lines))


async def _engine(asked: Asked) -> str:
    engine = asked.parts.engine
    if not await engine.check():
        if engine.coming:
            return "Engine: starting."
        last = f" It last wrote: {texts.plain(engine.last_words, 300)}" if engine.last_words else ""
        return f"Engine: away. {texts.plain(engine.trouble, 300)}{last}"
    health = engine.health
    memory = f", memory {texts.plain(str(health['memory']), 120)}" if health.get("memory") else ""
    return f"Engine: {health.get('profile', '?')} on {texts.plain(str(health.get('device', '?')), 80)}{memory}."
