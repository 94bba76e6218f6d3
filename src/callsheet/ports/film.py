"""A film as values: what is planned, and when each thing of it is seen and heard.

A `FilmPlan` is what planning ends with and what everything else reads: the drawing of the
animatic, sound, orders to models, assembly, and the hand-over to editors. It is JSON when it is
stored. Times are whole frames at the plan's rate, so that nothing drifts.
"""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RATES: Final = ("24", "25", "30", "24000/1001", "30000/1001")
RateText = Literal["24", "25", "30", "24000/1001", "30000/1001"]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Words = Annotated[str, Field(max_length=2_000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Move(StrEnum):
    """What the camera does in a shot."""

    STATIC = "static"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    TILT_UP = "tilt_up"
    TILT_DOWN = "tilt_down"
    PUSH = "push"
    PULL = "pull"
    TRUCK_LEFT = "truck_left"
    TRUCK_RIGHT = "truck_right"
    RACK = "rack"
    HANDHELD = "handheld"


class Transition(StrEnum):
    """How a shot comes in after the one before."""

    CUT = "cut"
    DISSOLVE = "dissolve"  # time has passed
    DIP = "dip"  # a new chapter
    MATCH = "match"  # a cut between shots that share an axis


class Known(_Value):
    """Somebody or something that stays the same through the film: an entry of its bible.

    `references` are SHA-256 of pictures in the store.
    """

    name: Name
    kind: Literal["person", "place", "object", "product", "voice"]
    words: Words = ""
    palette: tuple[Colour, ...] = ()
    references: tuple[str, ...] = ()
    seed: int = 0


class Line(_Value):
    """Words that are spoken in a shot; `start` is in frames from the shot's first."""

    speaker: Name = "narrator"
    text: Words
    language: str = "en"
    start: int = Field(default=0, ge=0)
    frames: int = Field(default=0, ge=0)  # how long it is spoken; 0 until somebody has read it


class FilmShot(_Value):
    """One shot. `frames` is how long it is seen, what its transition covers included.

    A transition of `transition_frames` overlaps the end of the shot before (dissolve), or lies
    half before and half after the join (dip). Shots of one `setup` share a camera position;
    `parent` is the set-up that this one grows out of, and `variation` how far it goes from it.
    """

    id: Name
    setup: Name
    parent: str | None = None
    variation: Literal["none", "small", "medium", "large"] = "none"
    size: Literal[
        "extreme_wide", "wide", "full", "medium", "close", "extreme_close", "over_shoulder"
    ] = "medium"
    angle: Literal["eye", "low", "high", "overhead", "dutch"] = "eye"
    move: Move = Move.STATIC
    subject: Words = ""
    action: Words = ""
    lighting: Words = ""
    prompt: Words  # what a model, or the local drawing, is asked for
    frames: int = Field(ge=1, le=18_000)
    transition: Transition = Transition.CUT
    transition_frames: int = Field(default=0, ge=0, le=120)
    lines: tuple[Line, ...] = ()
    sound: Words = ""  # ambience and spot effects, in words
    known: tuple[Name, ...] = ()  # names of the bible that are seen in it
    continuity: Words = ""
    questions: tuple[Words, ...] = ()  # for the judge, each answered by yes or no
    seed: int = 0


class FilmScene(_Value):
    """Shots in one place at one time; `light_side` is where the light comes from in all of them."""

    id: Name
    purpose: Words = ""
    place: Words = ""
    time: Words = ""
    mood: Words = ""
    light_side: Literal["left", "right"] = "left"
    shots: tuple[FilmShot, ...] = Field(min_length=1)


class Promise(_Value):
    """What the film keeps, locked before money is spent."""

    moving_share: float = Field(default=0.0, ge=0, le=1)  # of its time, in shots that move
    sound: bool = True
    captions: bool = True


class FilmPlan(_Value):
    """A whole film before it is made. `planner` names who planned it: `rules`, or a model."""

    schema_version: Literal[1] = 1
    title: Name
    language: str = "en"
    planner: str = "rules"
    rate: RateText = "24"
    width: int = Field(default=1_920, ge=256, le=3_840)
    height: int = Field(default=1_080, ge=256, le=3_840)
    seed: int = 0
    mood: Words = ""
    style: Words = ""
    music: Words = ""  # the bed's mood in words; "none" for none
    title_frames: int = Field(default=0, ge=0)  # a title card before the first shot
    end_frames: int = Field(default=0, ge=0)  # an end card after the last
    end_words: Words = ""
    bible: tuple[Known, ...] = ()
    scenes: tuple[FilmScene, ...] = Field(min_length=1)
    promise: Promise = Promise()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [shot.id for shot in self.shots]
        if len(set(ids)) != len(ids):
            raise ValueError("two shots have the same id")
        return self

    @property
    def shots(self) -> tuple[FilmShot, ...]:
        """All shots in the order in which they are seen."""
        return tuple(shot for scene in self.scenes for shot in scene.shots)

    @property
    def fps(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.rate)

    def scene_of(self, shot: str) -> FilmScene:
        """Find the scene of a shot by its id. Raises KeyError."""
        for scene in self.scenes:
            if any(each.id == shot for each in scene.shots):
                return scene
        raise KeyError(shot)


class Cue(_Value):
    """A span of the film: `start` is its first frame, `frames` how many there are."""

    start: int
    frames: int

    @property
    def end(self) -> int:
        """The first frame after it."""
        return self.start + self.frames


def starts_of(plan: FilmPlan) -> dict[str, Cue]:
    """When each shot is seen, by its id. A dissolve begins before the shot before has ended."""
    at = plan.title_frames
    found: dict[str, Cue] = {}
    for shot in plan.shots:
        if shot.transition is Transition.DISSOLVE and found:
            at -= shot.transition_frames
        found[shot.id] = Cue(start=at, frames=shot.frames)
        at += shot.frames
    return found


def frames_of(plan: FilmPlan) -> int:
    """How many frames the film has, its cards included."""
    return max(cue.end for cue in starts_of(plan).values()) + plan.end_frames
