"""The models that the simulated Runware offers, with the prices of its price list.

Where the list has no price, what its partners ask elsewhere is taken.
"""

from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model

_TASK = {
    "positivePrompt": Field("string", required=True),
    "width": Field("integer", least=128, most=4096),
    "height": Field("integer", least=128, most=4096),
    "seed": Field("integer"),
    "referenceImages": Field("array", uri=True),
    "frameImages": Field("array", uri=True),
    "steps": Field("integer", default=28, least=1, most=100),
}


def _offer(name: str, unit: str, makes: Makes = Makes.PICTURE, **more: Any) -> Model:
    run_s = 60.0 if makes is Makes.CLIP else 2.0
    fields = {**_TASK, **({"duration": Field("number", default=5)} if makes is Makes.CLIP else {})}
    return Model("", name, name, Money.usd(unit), run_s, fields, makes, **more)


OFFERED = (_offer("runware:101@1", "0.0038", usual_work=1024 * 1024 * 28),)
