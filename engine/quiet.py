"""Keeps transformers and diffusers from printing: what people should know, the engine says itself."""


def quiet() -> None:
    """Call before diffusers is imported: transformers notes the missing torchvision while it is."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    from diffusers.utils import logging as diffusers_logging

    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
