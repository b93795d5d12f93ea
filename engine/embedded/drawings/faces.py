"""The faces of those who can wear something: where things sit on them, and their eyes, which glasses draw again."""

from dataclasses import dataclass

from engine.embedded.drawings.palette import INK, PUPIL, WHITE, Colour
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene

SIDES = (-1, 1)


@dataclass(frozen=True)
class Face:
    """Places and sizes in the subject's coordinates. `irises` are chosen from by the scene's variant."""

    eyes: float
    apart: float
    """Half the distance of the eyes."""
    eye: tuple[float, float]
    irises: tuple[Colour, ...]
    pupil: tuple[float, float]
    """As shares of the eye."""
    top: float
    neck: float
    half_width: float

    def iris(self, scene: Scene) -> Colour:
        return self.irises[scene.variant % len(self.irises)]


FACES = {
    "cat": Face(
        -0.16, 0.32, (0.16, 0.18), ((150, 215, 80), (252, 214, 80), (120, 200, 240)), (0.42, 0.8), -0.62, 0.44, 0.5
    ),
    "dog": Face(-0.2, 0.28, (0.13, 0.16), (WHITE,), (0.66, 0.72), -0.68, 0.54, 0.46),
    "rabbit": Face(-0.02, 0.3, (0.13, 0.16), (WHITE, (252, 190, 205)), (0.66, 0.72), -0.4, 0.6, 0.42),
    "owl": Face(-0.2, 0.3, (0.2, 0.2), ((252, 196, 60),), (0.6, 0.6), -0.6, 0.38, 0.44),
    "robot": Face(-0.36, 0.31, (0.17, 0.17), ((190, 245, 255),), (0.5, 0.5), -0.66, 0.24, 0.5),
}


def draw_eyes(pen: Pen, scene: Scene, size: float = 1.0) -> None:
    face = FACES[scene.subject]
    across, down = face.eye[0] * size, face.eye[1] * size
    for side in SIDES:
        x = side * face.apart
        pen.ellipse((x, face.eyes), (across, down), face.iris(scene), INK)
        pen.ellipse((x, face.eyes + 0.01), (across * face.pupil[0], down * face.pupil[1]), PUPIL, None)
        pen.ellipse((x + across * 0.22, face.eyes - down * 0.36), (across * 0.26, down * 0.24), WHITE, None)
