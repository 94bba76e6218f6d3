"""What a job asks of the judge: `quality: {"semantic": "on", "judge": MODEL, "askings": 3}`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final

from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.ports.models import Kind, ModelCard
from callsheet.quality.asked import MOST_RETAKES
from callsheet.quality.judge.calibration import Point
from callsheet.quality.judge.scoring import ASKINGS, MOST_ASKINGS

QUALITY: Final = "quality"  # what is asked about quality, at the doors
SETTING: Final = "judge"  # among a job's settings, as it is kept
JUDGE: Final = "gemini/gemini-3-8-flash"  # where a job names none
ON: Final = "on"
OFF: Final = "off"
NEEDED: Final = ("references", "answer_schema", "system_instruction", "seed", "max_output_tokens")
RETAKES: Final = 1


class InvalidJudgeError(InvalidInputError):
    """What was asked of the judge cannot be done; nothing was written."""

    code: ClassVar[str] = "invalid_judge"

    def __init__(self, name: str, value: object, reason: str) -> None:
        super().__init__(
            f"{QUALITY}.{name}: {reason}", [FieldError(f"{QUALITY}.{name}", reason, shown(value))]
        )


@dataclass(frozen=True, slots=True)
class JudgeWish:
    """Which model judges a job's takes, how often each is asked, and how careful it must be.

    `retakes` is how often a variant is made again that fails.
    """

    model: str = JUDGE
    askings: int = ASKINGS
    point: Point = Point.CAREFUL
    retakes: int = RETAKES

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        return {**asdict(self), "point": str(self.point)}


def wish_of(settings: Mapping[str, Any]) -> JudgeWish | None:
    """Read back what a job asked for; None if it is not judged."""
    told = settings.get(SETTING)
    return None if told is None else JudgeWish(**{**told, "point": Point(told["point"])})


def read_wish(told: Mapping[str, Any]) -> JudgeWish | None:
    """Read what is asked for; None if that is nothing. Raises InvalidJudgeError.

    Keys that others read are left alone.
    """
    semantic = told.get("semantic", ON if "judge" in told else OFF)
    if semantic not in (ON, OFF):
        raise InvalidJudgeError("semantic", semantic, f"it must be {ON} or {OFF}")
    if semantic == OFF:
        return None
    model = told.get("judge", JUDGE)
    if not isinstance(model, str) or not model:
        raise InvalidJudgeError("judge", model, "it must be the id of a model")
    askings = told.get("askings", ASKINGS)
    if type(askings) is not int or not 1 <= askings <= MOST_ASKINGS:
        raise InvalidJudgeError("askings", askings, f"it must be 1 to {MOST_ASKINGS}")
    point = told.get("point", Point.CAREFUL)
    if point not in list(Point):
        raise InvalidJudgeError("point", point, f"it must be one of {', '.join(Point)}")
    retakes = told.get("retakes")
    retakes = RETAKES if retakes is None else retakes
    if type(retakes) is not int or not 0 <= retakes <= MOST_RETAKES:
        raise InvalidJudgeError("retakes", retakes, f"it must be 0 to {MOST_RETAKES}")
    return JudgeWish(model, askings, Point(point), retakes)


def insist_it_sees(card: ModelCard) -> None:
    """Raise InvalidJudgeError unless a model answers questions about pictures in a given form."""
    lacks = [name for name in NEEDED if name not in card.inputs.model_fields]
    if Kind.IMAGE_TO_TEXT not in card.kinds or lacks:
        reason = f"{card.id} does not answer questions about pictures in JSON; {JUDGE} does"
        raise InvalidJudgeError("judge", card.id, reason)
