"""How somebody looks: build, hair, clothes, what is on the head."""

from dataclasses import dataclass

from callsheet.drawing.colours import Colour


@dataclass(frozen=True, slots=True)
class Look:
    """Colours are as painted; `hair` and `hat` name shapes, empty for none."""

    skin: Colour
    hair_colour: Colour
    top: Colour
    bottom: Colour
    shoes: Colour
    shade: Colour
    light: Colour
    hair: str = "short"
    hat: str = ""
    hat_colour: Colour = (200, 60, 50)
    garment: str = "shirt"  # shirt, sleeveless, coat, dress, robe
    legwear: str = "trousers"  # trousers, wide, skirt, shorts
    stature: float = 1.0  # a child is about 0.66
    head: float = 1.0  # a child's is larger for its height
    face: str = "calm"
    bearded: bool = False
    metal: bool = False
    apron: Colour | None = None
    stripe: Colour | None = None
