"""The colours of the drawings, as red, green and blue from 0 to 255."""

Colour = tuple[int, int, int]

PAINTS: dict[str, Colour] = {
    "red": (214, 48, 49),
    "orange": (240, 140, 40),
    "yellow": (250, 212, 60),
    "green": (70, 170, 80),
    "blue": (58, 110, 220),
    "purple": (140, 80, 190),
    "pink": (245, 140, 185),
    "white": (244, 244, 244),
    "black": (48, 48, 54),
    "brown": (140, 92, 56),
    "gray": (150, 152, 158),
}
PAPERS: dict[str, Colour] = {
    "red": (240, 150, 145),
    "orange": (250, 200, 150),
    "yellow": (252, 238, 170),
    "green": (175, 222, 175),
    "blue": (165, 205, 242),
    "purple": (205, 180, 232),
    "pink": (252, 210, 225),
    "white": (250, 250, 250),
    "gray": (205, 207, 212),
}
"""Plain backgrounds: paler than the paints, so that a subject stands out."""
NEON: dict[str, Colour] = {"lime": (160, 255, 30), "pink": (255, 40, 200)}
INK: Colour = (36, 30, 44)
PUPIL: Colour = (20, 18, 26)
WHITE: Colour = (255, 255, 255)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` (0 … 1) of the other colour in the one."""
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def dark(colour: Colour, share: float = 0.45) -> Colour:
    return mix(colour, (20, 16, 30), share)


def light(colour: Colour, share: float = 0.4) -> Colour:
    return mix(colour, WHITE, share)
