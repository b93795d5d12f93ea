"""The engine put together from settings: profile, painter, planner. The one place that chooses a painter."""

import random
import secrets

from engine import models
from engine.contract.approaches import Profile
from engine.engine import Engine
from engine.painter import FakePainter, Painter
from engine.planner import Planner
from engine.pool import Pool
from engine.settings import Settings
from engine.stock import Stock
from engine.stocking import Stocking
from engine.watchdog import Watchdog
from engine.watched import Watched

MOST = 16
# Of the embedded model on a processor: all that an ordinary grid paints beside its prompt's pictures, whose wave comes
# first. With 8 rows each, two cores wait for each other after every step.
LATER = 48


def build(settings: Settings, *, serving: bool = False) -> tuple[Engine, str]:
    """The engine, and a line that says what it runs on and why.

    `serving`: it stays, so it paints fillers while nobody wants anything, and ends itself where its painter hangs.
    """
    profile, why = _profile(settings)
    painter, device = _painter(settings, profile, serving=serving)
    # A painter that measured its device says how many pictures keep it busy; a pool says it for each of its own.
    most = MOST if isinstance(painter, Pool) else getattr(painter, "most", None) or MOST
    if serving and not isinstance(painter, Pool):
        watchdog = Watchdog()
        painter = Watched(painter, watchdog)
        watchdog.run()
    stock = _stock(settings)
    planner = Planner(settings, profile, stock)
    stocking = None
    if serving and stock:
        # Nobody shall foresee what is painted ahead; each filler's seed is kept with it.
        stocking = Stocking(planner, stock, random.Random(secrets.randbits(64)))  # noqa: S311
    later = LATER if profile == "embedded" and settings.engine_painters == "local" else None
    return Engine(planner, painter, most, stocking, later=later), f"{device}, profile {profile} ({why})"


def _stock(settings: Settings) -> Stock | None:
    """None where it is switched off; fake pictures must never be taken for painted ones."""
    if settings.engine_painters == "fake":
        return None
    stock = Stock(settings.stock_dir, settings.filler_pool)
    if settings.filler_pool:
        return stock
    stock.put_away(None)
    return None


def _profile(settings: Settings) -> tuple[Profile, str]:
    """The profile and a sentence that says why; with a cluster, its GPUs count and not this machine's."""
    if settings.engine_painters != "ray" or settings.profile != "auto":
        return models.choose_profile(settings)
    from engine.cluster import connection, places

    if places.has_gpu(connection.nodes()):
        return "full", "PROFILE=auto and the cluster has a GPU"
    return "embedded", "PROFILE=auto and the cluster has no GPU"


def _painter(settings: Settings, profile: Profile, *, serving: bool) -> tuple[Painter | Pool, str]:
    if settings.engine_painters == "fake":
        return FakePainter(), "no device: pictures are plain colours"
    if settings.engine_painters == "ray":
        from engine.cluster.connection import connect

        # Says in a sentence what is missing, before anything of Ray is imported.
        connect()
        from engine.cluster.painters import RayPainters

        pool = RayPainters(settings, profile)
        return pool, pool.describe()
    from engine.diffusion import DiffusionPainter

    painter = DiffusionPainter(settings, profile, warm_up=serving)
    return painter, painter.describe()
