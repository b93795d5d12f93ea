"""Look-ups in a person's own grids. Every statement here touches one person's rows only, through an index."""

import re

from bot.history import Database
from bot.jobs import JobRow, job_row


async def own_grids(database: Database, who: int, search: str, most: int, skip: int = 0) -> list[JobRow]:
    """Newest first; with `search`, those whose prompt has every word of it. The last word may be a beginning."""
    if not search:
        return [job_row(row) for row in await database.read(NEWEST, who=who, most=most, skip=skip)]
    words = [f'prompt : "{word}"' for word in re.findall(r"\w+", search)[:8]]
    if not words:
        return []
    match = " AND ".join([f'who : "p{who}"', *words])
    # A beginning makes SQLite gather everybody's words that start so, so whole words are tried before.
    if not await database.read(FOUND, match=match, who=who, most=1, skip=0):
        match += "*"
    return [job_row(row) for row in await database.read(FOUND, match=match, who=who, most=most, skip=skip)]


NEWEST = """
SELECT * FROM jobs WHERE person = :who AND state <> 'deleted' AND NOT training
ORDER BY number DESC LIMIT :most OFFSET :skip
"""
FOUND = """
SELECT jobs.* FROM words JOIN jobs ON jobs.number = words.rowid
WHERE words MATCH :match AND jobs.person = :who AND NOT jobs.training
ORDER BY words.rowid DESC LIMIT :most OFFSET :skip
"""
