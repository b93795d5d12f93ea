"""A pen that draws in a subject's own coordinates: about -1 … 1 each way, y down, mirrored where the scene says so.

Widths of lines are in pixels of the 256 pixel canvas.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from PIL import ImageDraw

from engine.embedded.drawings.palette import Colour, dark

Point = tuple[float, float]
Outline = Colour | Literal["dark"] | None
"""A colour, a darker shade of what is filled, or none."""


class Pen:
    def __init__(self, canvas: ImageDraw.ImageDraw, centre: Point, scale: float, *, mirrored: bool = False) -> None:
        self.canvas = canvas
        self.centre = centre
        self.scale = scale
        self._side = -1 if mirrored else 1

    def polygon(self, points: Sequence[Point], fill: Colour, outline: Outline = "dark", width: int = 4) -> None:
        corners = [self._place(*point) for point in points]
        self.canvas.polygon(corners, fill=fill)
        if outline is not None:
            ink = dark(fill) if outline == "dark" else outline
            # One corner too many: the joint at the start is rounded like the others.
            self.canvas.line([*corners, corners[0], corners[1]], fill=ink, width=width, joint="curve")

    def ellipse(
        self,
        centre: Point,
        radii: Point,
        fill: Colour,
        outline: Outline = "dark",
        *,
        turned: float = 0,
        width: int = 4,
        upper_half: bool = False,
    ) -> None:
        """`turned` in degrees; the upper half alone makes a dome."""
        angles = [180 + 180 * i / 36 for i in range(37)] if upper_half else [360 * i / 36 for i in range(36)]
        self.polygon(list(_ellipse(centre, radii, angles, turned)), fill, outline, width)

    def rectangle(self, corner: Point, opposite: Point, fill: Colour, outline: Outline = "dark") -> None:
        (left, top), (right, bottom) = corner, opposite
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill, outline)

    def line(self, points: Sequence[Point], ink: Colour | int, width: float = 4) -> None:
        self.canvas.line([self._place(*point) for point in points], fill=ink, width=int(width), joint="curve")

    def ring(self, centre: Point, radii: Point, ink: Colour | int, width: int) -> None:
        (x, y), (across, down) = centre, radii
        turns = [i * math.pi / 18 for i in range(38)]
        self.line([(x + across * math.cos(turn), y + down * math.sin(turn)) for turn in turns], ink, width)

    def arc(self, centre: Point, radii: Point, start: float, end: float, ink: Colour, width: int) -> None:
        """From `start` to `end` in degrees, clockwise from the right."""
        (x, y), (across, down) = centre, radii
        turns = [math.radians(start + (end - start) * i / 20) for i in range(21)]
        self.line([(x + across * math.cos(turn), y + down * math.sin(turn)) for turn in turns], ink, width)

    def _place(self, x: float, y: float) -> Point:
        return self.centre[0] + self._side * x * self.scale, self.centre[1] + y * self.scale


def _ellipse(centre: Point, radii: Point, angles: Sequence[float], turned: float) -> Iterator[Point]:
    turn = math.radians(turned)
    for angle in map(math.radians, angles):
        across, down = radii[0] * math.cos(angle), radii[1] * math.sin(angle)
        yield (
            centre[0] + across * math.cos(turn) - down * math.sin(turn),
            centre[1] + across * math.sin(turn) + down * math.cos(turn),
        )
