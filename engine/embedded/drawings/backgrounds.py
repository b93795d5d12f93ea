"""The backgrounds: a plain paper or one of seven places, on a canvas of 256 pixels."""

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from engine.embedded.drawings.palette import PAPERS, WHITE, Colour, dark, light
from engine.embedded.drawings.scene import Scene

SIZE = 256


def background(scene: Scene, rng: random.Random) -> Image.Image:
    horizon = int(SIZE * (0.62 + 0.08 * rng.random()))
    if scene.place == "plain":
        paper = PAPERS[scene.paper]
        return _gradient(light(paper, 0.15), paper)
    return _PLACES[scene.place](horizon, rng)


def _night(_: int, rng: random.Random) -> Image.Image:
    image = _gradient((14, 18, 58), (48, 52, 112))
    canvas = ImageDraw.Draw(image)
    for _star in range(16):
        _dot(canvas, rng.randrange(SIZE), rng.randrange(SIZE * 2 // 3), rng.choice([3, 4, 5]), (255, 250, 200))
    canvas.rectangle((0, int(SIZE * 0.84), SIZE, SIZE), fill=(24, 42, 52))
    return image


def _space(_: int, rng: random.Random) -> Image.Image:
    image = _gradient((10, 6, 26), (40, 14, 64))
    canvas = ImageDraw.Draw(image)
    for _star in range(20):
        _dot(canvas, rng.randrange(SIZE), rng.randrange(SIZE), rng.choice([2, 3, 4]), WHITE)
    x, y = rng.choice([(38, 44), (218, 40)])
    planet = rng.choice([(220, 120, 90), (110, 170, 210), (190, 150, 220)])
    canvas.ellipse((x - 24, y - 24, x + 24, y + 24), fill=planet, outline=dark(planet), width=3)
    canvas.line((x - 38, y + 10, x + 38, y - 10), fill=light(planet, 0.5), width=6)
    return image


def _desert(horizon: int, rng: random.Random) -> Image.Image:
    image = _gradient((150, 205, 240), (252, 226, 170))
    canvas = ImageDraw.Draw(image)
    sun = rng.choice([40, 216])
    canvas.ellipse((sun - 24, 18, sun + 24, 66), fill=(255, 226, 90))
    canvas.ellipse((-120, horizon - 14, 170, horizon + 160), fill=(228, 184, 108))
    canvas.ellipse((90, horizon, 390, horizon + 160), fill=(216, 168, 92))
    canvas.rectangle((0, horizon + 40, SIZE, SIZE), fill=(236, 196, 120))
    return image


def _sea(horizon: int, rng: random.Random) -> Image.Image:
    image = _gradient((150, 210, 245), (215, 238, 250))
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, horizon - 20, SIZE, SIZE), fill=(40, 120, 185))
    for _wave in range(7):
        x, y = rng.randrange(SIZE), rng.randrange(horizon - 6, SIZE)
        canvas.arc((x - 20, y - 8, x + 20, y + 10), 200, 340, fill=(190, 225, 245), width=5)
    return image


def _city(horizon: int, rng: random.Random) -> Image.Image:
    image = _gradient((185, 200, 222), (235, 226, 220))
    canvas = ImageDraw.Draw(image)
    left = -10
    while left < SIZE:
        width, top = rng.randrange(34, 60), rng.randrange(40, 130)
        wall = rng.choice([(120, 126, 146), (142, 136, 150), (104, 112, 134)])
        canvas.rectangle((left, top, left + width, SIZE), fill=wall, outline=dark(wall, 0.3), width=3)
        for y in range(top + 12, horizon, 24):
            for x in range(left + 8, left + width - 10, 18):
                canvas.rectangle((x, y, x + 8, y + 11), fill=(252, 232, 150))
        left += width + rng.randrange(8)
    canvas.rectangle((0, int(SIZE * 0.8), SIZE, SIZE), fill=(86, 88, 96))
    return image


def _meadow(horizon: int, rng: random.Random) -> Image.Image:
    image = _gradient((140, 205, 248), (220, 240, 252))
    canvas = ImageDraw.Draw(image)
    canvas.ellipse((-110, horizon - 16, 380, horizon + 280), fill=(122, 192, 88))
    canvas.rectangle((0, horizon + 50, SIZE, SIZE), fill=(122, 192, 88))
    for _flower in range(9):
        x, y = rng.randrange(SIZE), rng.randrange(horizon + 14, SIZE)
        _dot(canvas, x, y, 5, rng.choice([WHITE, (250, 220, 80), (240, 130, 170)]))
    cloud = rng.randrange(20, 236)
    canvas.ellipse((cloud - 30, 26, cloud + 30, 52), fill=WHITE)
    canvas.ellipse((cloud - 12, 16, cloud + 40, 50), fill=WHITE)
    return image


def _snow(horizon: int, rng: random.Random) -> Image.Image:
    image = _gradient((176, 200, 224), (222, 232, 242))
    canvas = ImageDraw.Draw(image)
    canvas.ellipse((-90, horizon - 6, 360, horizon + 260), fill=(250, 252, 255))
    canvas.rectangle((0, horizon + 60, SIZE, SIZE), fill=(250, 252, 255))
    for _flake in range(22):
        _dot(canvas, rng.randrange(SIZE), rng.randrange(SIZE), 4, WHITE)
    return image


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    share = np.linspace(0, 1, SIZE)[:, None, None]
    rows = np.array(top)[None, None] * (1 - share) + np.array(bottom)[None, None] * share
    return Image.fromarray(np.broadcast_to(rows, (SIZE, SIZE, 3)).astype(np.uint8).copy())


def _dot(canvas: ImageDraw.ImageDraw, x: int, y: int, radius: int, fill: Colour) -> None:
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


_PLACES: dict[str, Callable[[int, random.Random], Image.Image]] = {
    "night": _night,
    "space": _space,
    "desert": _desert,
    "sea": _sea,
    "city": _city,
    "meadow": _meadow,
    "snow": _snow,
}
