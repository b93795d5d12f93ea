"""What the templates are made of: things that Stable Diffusion v1-4 paints well, none of them a person."""

from dataclasses import dataclass

from engine.prompts.categories import CATEGORIES


@dataclass(frozen=True)
class Scene:
    subjects: tuple[str, ...]
    settings: tuple[str, ...]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


MEDIA = _lines("""
    oil painting
    watercolor
    detailed digital art
    gouache illustration
    pastel drawing
    woodcut print
    photorealistic
    ink and wash
    matte painting
    impressionist brushwork
    35mm photograph
    low-poly render
""")

LIGHTS = _lines("""
    soft morning light
    golden hour
    moonlight
    dramatic side light
    overcast and calm
    warm lamplight
    backlit haze
    crisp winter light
    high contrast
    muted colors
""")

_ANIMALS = Scene(
    _lines("""
        a snow leopard
        a hummingbird
        a glowing jellyfish
        a red fox
        a barn owl
        a humpback whale
        a chameleon
        an old elephant
        a peacock
        a sea turtle
        a galloping horse
        a flock of flamingos
        a polar bear
        a dragonfly
        an octopus
        a grey wolf
    """),
    _lines("""
        resting on a rock
        seen from very near
        half hidden in mist
        under falling leaves
        against a plain background
        in the early rain
        looking into the distance
        at the edge of a clearing
    """),
)

_LANDSCAPES = Scene(
    _lines("""
        a lavender valley
        a volcanic coast
        rolling sand dunes
        a fjord with steep cliffs
        terraced rice fields
        a frozen tundra
        a canyon of red stone
        a quiet salt lake
        a green moor
        snowy alpine peaks
        a wide river delta
        a vineyard on a hillside
        a chalk coast
        a prairie of tall grass
        a mangrove lagoon
        a highland pass
    """),
    _lines("""
        under towering clouds
        after a thunderstorm
        in late autumn
        with a winding path
        at the first frost
        under a clear sky
        with distant smoke
        wrapped in fog
    """),
)

_OBJECTS = Scene(
    _lines("""
        a chrome toaster
        a brass pocket watch
        a stack of worn books
        a glass teapot
        a wooden violin
        an antique typewriter
        a copper telescope
        a porcelain vase
        a paper lantern
        a rusty bicycle
        a leather suitcase
        a mechanical music box
        a bowl of pears
        a sewing machine
        a ship in a bottle
        a marble chessboard
    """),
    _lines("""
        on a linen cloth
        beside a window
        on a workbench
        in an empty room
        on a mossy step
        with long shadows
        covered in dust
        on a stone shelf
    """),
)

_CITYSCAPES = Scene(
    _lines("""
        a city skyline
        a narrow canal street
        a market square
        a steel bridge
        an art deco tower
        rooftops with chimneys
        a tram on a steep street
        a harbor with cranes
        a lantern-lit alley
        a futuristic metropolis
        a ruined amphitheater
        a train station hall
        a row of brick warehouses
        a domed cathedral
        a floating market
        a mountain village of timber houses
    """),
    _lines("""
        after the rain
        in heavy snowfall
        before sunrise
        seen from above
        with long reflections
        on a foggy evening
        during a festival
        without a soul in sight
    """),
)

_NATURE = Scene(
    _lines("""
        a dead tree
        a waterfall among ferns
        a bed of tulips
        a field of sunflowers
        a mossy birch forest
        a coral reef
        a bonsai pine
        water lilies on a pond
        a beehive in a hollow trunk
        mushrooms on a fallen log
        a cherry orchard in bloom
        ivy on an old wall
        dew on a spider web
        a bamboo grove
        a thistle in seed
        autumn maple leaves
    """),
    _lines("""
        in a gentle breeze
        beside a brook
        after a summer shower
        on a cold morning
        in deep shade
        with drifting pollen
        at the end of the season
        in thin mist
    """),
)

_SPACE = Scene(
    _lines("""
        a spiral nebula
        the surface of mars
        a ringed planet
        a comet with a long tail
        a drifting space station
        a cratered moon
        a binary star
        a black hole and its disk
        an asteroid belt
        a rover on a red plain
        an ice world
        a newborn galaxy
        a solar eclipse
        a rocket leaving its tower
        a lighthouse on an asteroid
        a meteor shower
    """),
    _lines("""
        seen from orbit
        against countless stars
        above a thin atmosphere
        in absolute silence
        with a far blue sun
        beyond the last beacon
        through a round porthole
        in slow rotation
    """),
)

_ABSTRACT = Scene(
    _lines("""
        interlocking spirals
        shattered glass shapes
        flowing ribbons of ink
        a lattice of triangles
        overlapping circles
        waves of fine lines
        a maze of right angles
        splashes of pigment
        a mosaic of hexagons
        folded paper planes
        concentric ripples
        tangled threads
        marbled swirls
        floating cubes
        a cascade of dots
        torn strips of fabric
    """),
    _lines("""
        in two colors
        dissolving into noise
        on a bare ground
        with strong rhythm
        growing from the center
        in perfect symmetry
        falling out of order
        layered many times
    """),
)

SCENES = dict(zip(CATEGORIES, (_ANIMALS, _LANDSCAPES, _OBJECTS, _CITYSCAPES, _NATURE, _SPACE, _ABSTRACT), strict=True))
