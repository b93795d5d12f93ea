"""What must not be learned from combinations that no training shows.

No bare subject is shown in its two held-out colours. A network that is told again and again that what is purple is no
cat learns that gap instead of cats. So where a picture of another subject, or the name of another colour, would fill
the gap, it counts neither for nor against.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.embedded.drawings.facts import KINDS, UNTOLD
from engine.embedded.drawings.scene import held_out_colours
from engine.embedded.vocabulary import COLOURS, SUBJECTS

_SUBJECT, _COLOUR = KINDS.index("subject"), KINDS.index("colour")
GAPS = np.array([[colour in held_out_colours(subject) for colour in COLOURS] for subject in SUBJECTS])
"""(subjects, colours): the pairs that no training shows bare."""


def naming_losses(logits: Tensor, picture_facts: Tensor, kind: str) -> Tensor:
    """The cross entropy of each row's names (n, names) with what is shown (n, kinds), gaps left out: (n,)."""
    labels = picture_facts[:, KINDS.index(kind)]
    if kind in {"subject", "colour"}:
        gaps = torch.from_numpy(GAPS).to(picture_facts.device)
        masked = gaps.T[picture_facts[:, _COLOUR]] if kind == "subject" else gaps[picture_facts[:, _SUBJECT]]
        masked = masked & (torch.arange(logits.shape[1], device=picture_facts.device) != labels[:, None])
        logits = logits.masked_fill(masked, -torch.inf)
    return functional.cross_entropy(logits, labels, reduction="none")


def unlearned(text_facts: npt.NDArray[np.int64], picture_facts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which texts (t, kinds) are wrong for which pictures (p, kinds) only in a way that no training shows: (p, t).

    That is a text that names a subject and no colour, beside a picture in a colour that this subject never has.
    """
    is_gap = GAPS[text_facts[None, :, _SUBJECT], picture_facts[:, None, _COLOUR]]
    other_subject = text_facts[None, :, _SUBJECT] != picture_facts[:, None, _SUBJECT]
    mask: npt.NDArray[np.bool_] = is_gap & other_subject & (text_facts[None, :, _COLOUR] == UNTOLD)
    return mask


def shows_a_gap(text_facts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which texts (t, kinds) name a subject in a colour that no training shows: (t,)."""
    mask: npt.NDArray[np.bool_] = GAPS[text_facts[:, _SUBJECT], text_facts[:, _COLOUR]] & (
        text_facts[:, _COLOUR] != UNTOLD
    )
    return mask
