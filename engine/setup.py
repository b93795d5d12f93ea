"""The engine put together from settings: profile, painter, planner. The one place that chooses a painter."""

from engine import models
from engine.contract.approaches import Profile
from engine.engine import Engine
from engine.painter import FakePainter, Painter
from engine.planner import Planner
from engine.settings import Settings

MOST = 16


def build(settings: Settings) -> tuple[Engine, str]:
    """The engine, and a line that says what it runs on and why."""
    profile, why = models.choose_profile(settings)
    painter, device = _painter(settings, profile)
    # A painter that measured its device says how many pictures keep it busy.
    most = getattr(painter, "most", None) or MOST
    return Engine(Planner(settings, profile), painter, most), f"{device}, profile {profile} ({why})"


def _painter(settings: Settings, profile: Profile) -> tuple[Painter, str]:
    if settings.engine_painters == "fake":
        return FakePainter(), "no device: pictures are plain colours"
    from engine.diffusion import DiffusionPainter

    painter = DiffusionPainter(settings, profile)
    return painter, painter.describe()
