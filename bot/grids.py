"""Look-ups in a person's own grids. Every statement here touches one person's rows only, through an index."""

from bot.history import Database
from bot.jobs import JobRow, job_row
from bot.words import own_words


async def own_grids(database: Database, who: int, search: str, most: int, skip: int = 0) -> list[JobRow]:
    """Newest first; with `search`, those whose prompt has every word of it. The last word may be a beginning."""
    if not search:
        return [job_row(row) for row in await database.read(NEWEST, who=who, most=most, skip=skip)]
    terms = [term for word in search.split() if (term := own_words(who, word))][:8]
    if not terms:
        return []
    match = " AND ".join(f'"{word}"' for word in terms) + "*"
    return [job_row(row) for row in await database.read(FOUND, match=match, who=who, most=most, skip=skip)]


NEWEST = """
SELECT * FROM jobs WHERE person = :who AND state <> 'deleted' AND NOT training
ORDER BY number DESC LIMIT :most OFFSET :skip
"""
FOUND = """
SELECT jobs.* FROM own_words JOIN jobs ON jobs.number = own_words.rowid
WHERE own_words MATCH :match AND jobs.person = :who AND NOT jobs.training
ORDER BY own_words.rowid DESC LIMIT :most OFFSET :skip
"""
