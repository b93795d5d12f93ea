"""A comparison in one sentence of plain words. The rules are fixed here, before anything is measured.

Content (the difference in CLIP score) and style (the difference in style score) each get one phrase:

    no pair differs at all                              the same pictures, as far as the judge can tell
    the whole interval is within ±0.01                  keeps … within 0.01
    told apart from 0 after Holm's correction, and
        the whole interval is beyond ±0.01              clearly more / less
        otherwise                                       more / less
    anything else                                       too few to tell

If both are too few to tell, one phrase stands for both. Nothing is called better: whether a loss of content is worth a
gain in style is for the person to say.
"""

from typing import Literal

from engine.contract.estimate import Estimate
from engine.contract.sentence import begun

MARGIN = 0.01
"""Cosines nearer than this are as good as the same: the standard error of a grid's mean score is of this size."""

Finding = Literal["same", "within", "much more", "more", "less", "much less", "open", "unmeasured"]

CONTENT = {
    "same": "scores the same for content",
    "within": f"keeps the content within {MARGIN:g}",
    "much more": "clearly shows more of what was asked for",
    "more": "shows more of what was asked for",
    "less": "shows less of what was asked for",
    "much less": "clearly shows less of what was asked for",
}
STYLE = {
    "same": "is exactly as strong in style",
    "within": f"is neither stronger nor weaker in style (within {MARGIN:g})",
    "much more": "is clearly stronger in style",
    "more": "is stronger in style",
    "less": "is weaker in style",
    "much less": "is clearly weaker in style",
}


def verdict(label: str, content: Estimate, style: Estimate | None, pictures: int) -> str:
    """One sentence on "approach 2" against the baseline; `style` is None where no style was asked about."""
    of_content = finding(content)
    of_style = finding(style) if style else "unmeasured"
    if {of_content, of_style} <= {"same", "unmeasured"} and "same" in {of_content, of_style}:
        return f"{begun(label)} and the baseline score exactly the same in every pair."
    if of_content in CONTENT and of_style in STYLE:
        return f"{begun(label)} {CONTENT[of_content]} and {STYLE[of_style]}."
    if of_content in CONTENT:
        more = f", but {_few(pictures)} to say anything about its style" if of_style == "open" else ""
        return f"{begun(label)} {CONTENT[of_content]}{more}."
    if of_style in STYLE:
        rest = (
            f"{_few(pictures)} to say anything about its content"
            if of_content == "open"
            else "its content was not measured"
        )
        return f"{begun(label)} {STYLE[of_style]}, but {rest}."
    if "open" in {of_content, of_style}:
        return f"{begun(_few(pictures))} to tell {label} from the baseline."
    return f"{begun(label)} cannot be compared: {content.note or 'nothing was measured.'}"


def finding(difference: Estimate) -> Finding:
    """Which rule a difference falls under."""
    low, high = difference.low, difference.high
    if difference.ties:
        return "same"
    if difference.value is None or low is None or high is None:
        return "unmeasured"
    if low >= -MARGIN and high <= MARGIN:
        return "within"
    if not difference.differs:
        return "open"
    if difference.value > 0:
        return "much more" if low > MARGIN else "more"
    return "much less" if high < -MARGIN else "less"


def _few(pictures: int) -> str:
    return "one picture is too few" if pictures == 1 else f"{pictures} pictures are too few"
