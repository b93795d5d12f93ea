"""A bot that is killed anywhere in a story leaves behind what it leaves unkilled."""

from pathlib import Path

import pytest

from tests.mortal import STORIES, Story, told

# Of each story; `python -m tests.mortal` takes every operation.
KILLS = 8


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_a_story_ends_the_same_wherever_its_bot_is_killed(tmp_path: Path, story: Story) -> None:
    unkilled, operations = await told(tmp_path / "unkilled", story)

    # The last operations are those of the ending, of which a kill is missed most easily.
    for at in range(len(operations), 0, -max(1, len(operations) // KILLS)):
        left, lived = await told(tmp_path / str(at), story, at)
        assert left == unkilled, f"killed {lived[-1]} ({at})"
