"""A picture that somebody points at, held against a prompt: a form asks for that, then the engine's judge answers.

Only the picture's name is kept meanwhile; its file is fetched when the prompt is there, and not kept at all.
"""

from pydantic import ValidationError

from bot import texts
from bot.asked import Asked
from bot.chat import Field, Form, Message
from bot.errors import BadCommand, Refused
from bot.questions import answer
from engine.contract.order import Order
from engine.contract.scoring import MOST_BYTES, Scored, ScorePicture, judged_by
from engine.contract.sentence import explain

NO_PICTURE = "There is no picture in this message, so there is nothing to score. Choose one that has a picture."
TOO_OLD = "This form is too old, or it is not yours. Choose the picture again."
LONGEST = 300


class PointedAt(Order):
    """What is kept between the form and its answer."""

    picture: str


async def score(asked: Asked, subject: str, _more: str) -> Message | None:
    """Ask for the prompt; sent, the answer is the score and what it means."""
    if not asked.values:
        await _ask(asked)
        return None
    proposal = await asked.parts.proposals.find(subject, asked.who, PointedAt)
    if proposal is None:
        raise Refused(TOO_OLD)
    prompt = _valid_prompt(asked.values.get("prompt", ""))
    # The engine looks at one after the other, and each takes tens of megabytes here until it has.
    async with asked.parts.scoring:
        data = await asked.talk.picture(proposal[0].picture, MOST_BYTES)
        scored = await answer(asked, ScorePicture.of(prompt, data), Scored)
    return Message(in_words(prompt, scored))


def in_words(prompt: str, scored: Scored) -> str:
    """The number, what stands near it, and what it is not."""
    lines = [
        f"*Score {scored.score:.3f}* for {texts.quoted(prompt, LONGEST)} (cosine, judged by {judged_by(scored)}).",
        f"Rank {scored.rank} of {scored.of} among the reference prompts. The nearest ones:",
        *(f"`{reference.score:.3f}` {texts.plain(reference.prompt, 100)}" for reference in scored.nearest),
    ]
    if scored.tokens_not_scored:
        lines.append(f"The judge could not read the last {scored.tokens_not_scored} tokens of the prompt.")
    lines.append("A score means something only next to others of the same picture and judge; it is not a percentage.")
    return "\n".join(lines)


async def _ask(asked: Asked) -> None:
    pointed = asked.received.pointed
    if pointed is None or pointed.picture is None:
        raise BadCommand(NO_PICTURE)
    proposal = await asked.parts.proposals.propose(asked.who, PointedAt(picture=pointed.picture))
    prompt = Field("prompt", "What should the picture show?", pointed.text[:LONGEST], required=True, long=True)
    await asked.talk.ask(Form("Score this picture", f"score:{proposal}", (prompt,)))


def _valid_prompt(prompt: str) -> str:
    try:
        return ScorePicture(prompt=prompt, picture="").prompt
    except ValidationError as error:
        raise BadCommand(explain(error, ScorePicture)) from error
