"""The libraries report every file that they load, with progress bars; here only the training is news."""

import logging


def tell_news() -> None:
    """Progress on standard error, in every process of a training; nothing else."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def quieten() -> None:
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # Importing diffusers makes transformers speak, so its turn comes second.
    from diffusers.utils import logging as diffusers_logging

    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
