"""What every part of a scene is drawn with: canvas, composition, colours and dice."""

import random
from dataclasses import dataclass

from callsheet.drawing.canvas import Canvas, Pen
from callsheet.drawing.composition import Composition
from callsheet.drawing.palette import Palette
from callsheet.drawing.reading import Reading


@dataclass(frozen=True, slots=True)
class Stage:
    """One scene being drawn."""

    canvas: Canvas
    plan: Composition
    palette: Palette
    reading: Reading
    dice: random.Random
    way: str = "portrait"  # how it is drawn (see staging.directing)

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.canvas.width

    @property
    def height(self) -> float:
        """Pixels down."""
        return self.canvas.height

    @property
    def horizon(self) -> float:
        """Pixels from the top to the horizon."""
        return self.plan.horizon * self.canvas.height

    @property
    def light_x(self) -> float:
        """Pixels from the left to the light."""
        return self.plan.light_x * self.canvas.width

    @property
    def unit(self) -> float:
        """A length that suits the frame whatever its shape: a hundredth of its shorter side."""
        return min(self.canvas.width, self.canvas.height) / 100

    def on(self, canvas: Canvas) -> "Stage":
        """Draw the same scene on another canvas."""
        return Stage(canvas, self.plan, self.palette, self.reading, self.dice, self.way)

    def pen(self, x: float, base: float, height: float, *, flip: bool = False) -> Pen:
        """Take a pen for a thing standing at fractions `x`, `base` of the scene."""
        return Pen(self.canvas, x * self.width, base * self.height, height * self.height, flip=flip)
