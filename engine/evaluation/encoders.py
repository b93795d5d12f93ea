"""Which encoders the generators are conditioned on, and whether a judge shares one with them."""

from collections.abc import Sequence

from engine.contract.approaches import EMBEDDED, TURBO, V1_4

CONDITIONED_ON = {
    V1_4: "openai/clip-vit-large-patch14",
    TURBO: "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
}
"""A generator's text encoder, by the family of models that it belongs to."""


def sharing(judge: str, models: Sequence[str]) -> str:
    """A sentence on whether `judge` shares an encoder with one of the generators."""
    if judge == EMBEDDED:
        return (
            "The judge shares no encoder with the embedded model: each was trained from scratch on its own. Both"
            " learned from the same kind of drawings, so these numbers say nothing about pictures of any other kind."
        )
    encoders = {model: CONDITIONED_ON.get(model) for model in dict.fromkeys(models)}
    shared = [model for model, encoder in encoders.items() if encoder == judge]
    unknown = [model for model, encoder in encoders.items() if encoder is None]
    if shared:
        return (
            f"The judge is the same encoder that {' and '.join(shared)} paints with, so its scores flatter that model."
        )
    if unknown:
        return f"It is not known whether the judge shares an encoder with {' and '.join(unknown)}."
    conditions = "; ".join(f"{model} is conditioned on {encoder}" for model, encoder in encoders.items())
    related = [model for model, encoder in encoders.items() if encoder and _maker(encoder) == _maker(judge)]
    kin = f" It learned from the same pictures and texts as the encoder of {' and '.join(related)}." if related else ""
    return f"The judge shares no encoder with a generator ({conditions}).{kin}"


def _maker(model: str) -> str:
    return model.split("/", maxsplit=1)[0]
