"""Places, drawn as layers of flat shapes from far to near."""

from collections.abc import Callable

from callsheet.drawing.scenery import abstract, indoors, overhead, town, venues, wild
from callsheet.drawing.stage import Stage

_PLACES: dict[str, Callable[[Stage], None]] = {
    **wild.PLACES,
    **town.PLACES,
    **indoors.PLACES,
    **abstract.PLACES,
    **venues.PLACES,
}


def draw_scenery(stage: Stage) -> None:
    """Draw the place of a scene behind its subject."""
    if stage.plan.angle in ("overhead", "aerial"):
        overhead.ground_from_above(stage)
    else:
        _PLACES.get(stage.plan.setting, abstract.forms)(stage)
