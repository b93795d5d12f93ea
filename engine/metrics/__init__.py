"""What can be measured of pictures. A metric is one file here and one line in its table."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.metrics.base import Metric

METRICS: dict[str, str] = {
    "clip_score": "engine.metrics.clip_score:METRIC",
    "clip_score_asked": "engine.metrics.clip_score_asked:METRIC",
    "retrieval": "engine.metrics.retrieval:METRIC",
    "style_score": "engine.metrics.style_score:METRIC",
    "preservation": "engine.metrics.preservation:METRIC",
    "diversity": "engine.metrics.diversity:METRIC",
    "copies": "engine.metrics.copies:METRIC",
}


def metric(name: str) -> "Metric":
    """The metric called `name`, imported on use; none of them needs torch. Raises KeyError for an unknown name."""
    module, attribute = METRICS[name].split(":")
    definition: Metric = getattr(import_module(module), attribute)
    return definition
