"""Which way a story is drawn: acted, as an insert, a still, a screen, a chart, or as a card."""

import re

from PIL import Image

from callsheet.drawing.canvas import Canvas, paint
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.acting import act, party_from_above
from callsheet.drawing.staging.card import draw_card
from callsheet.drawing.staging.inserts import chart, insert, screen, still
from callsheet.drawing.story import Story, is_animal
from callsheet.drawing.words import table_of

_OLD_ROLES = frozenset(
    ("man", "woman", "person", "couple", "crowd", "granddaughter", "grandson", "fisher")
)
_OLD_PLACES = frozenset(
    ("", "studio", "sea", "mountains", "forest", "desert", "field", "city", "cafe", "kitchen",
     "room", "office", "stage", "road", "water", "underwater", "space", "abstract")
)  # fmt: skip
_ACTED = frozenset(("stand", "", "walk"))


def way_of(story: Story) -> str:
    """Choose how to draw; `portrait` leaves it to the drawings of single subjects."""
    filling = _filling(story)
    if filling or story.empty:
        return filling or "card"
    if story.reading.size == "over_shoulder":
        return "portrait"
    if _is_insert(story):
        return "insert"
    known = _is_portrait(story) if story.people else _one_known_thing(story)
    if story.people or any(is_animal(prop.draw) for prop in story.props):
        return "portrait" if known else "acted"
    return _empty_place(story) if not story.props else ("portrait" if known else "still")


def _filling(story: Story) -> str:
    if any(prop.at == "full" for prop in story.props):
        return "chart"
    return "screen" if any(prop.draw == "messages" for prop in story.props) else ""


def _empty_place(story: Story) -> str:
    """Show a place alone; one that is no place has nothing to show."""
    somewhere = story.reading.setting not in ("", "studio", "abstract")
    return "portrait" if story.reading.things or somewhere else "card"


def _is_insert(story: Story) -> bool:
    manual = any(table_of("actions")[name].get("manual") for name in story.actions)
    close = story.reading.size in ("close", "extreme_close")
    if any(prop.draw == "stitch" for prop in story.props) and not story.people:
        return True
    if close and manual and story.props:
        return True
    if story.hands and close and (manual or story.props):
        return True
    return (
        manual
        and not story.people
        and bool(story.props)
        and not any(is_animal(p.draw) for p in story.props)
    )


def _is_portrait(story: Story) -> bool:
    """Tell whether the older drawings of one person in one place say it all."""
    plain = all(
        one.pose in _ACTED
        and not one.worn
        and not one.face
        and one.role in _OLD_ROLES
        and not one.name
        for one in story.people
    )
    return (
        plain
        and len(story.people) == 1
        and story.reading.setting in _OLD_PLACES
        and _one_known_thing(story, company=True)
    )


def _one_known_thing(story: Story, *, company: bool = False) -> bool:
    """Tell whether all things have drawings of the older kind, and none has to be several."""
    if story.reading.setting not in _OLD_PLACES or story.burning:
        return False
    known = all(
        prop.draw.isalpha() and prop.count == 1 and not prop.action and prop.name == prop.draw
        for prop in story.props
    )
    return known and (company or len(story.props) <= 2)  # noqa: PLR2004 - a subject and its company


def draw_story(stage: Stage, image: Image.Image, story: Story, way: str, prompt: str) -> None:
    """Draw what is before the place that was painted already."""
    if way == "card":
        draw_card(stage, image, card_words(prompt))
        return
    near = stage.on(Canvas(stage.width, stage.height))
    if way == "acted" and stage.plan.angle in ("aerial", "overhead") and story.people:
        party_from_above(near, story)
    else:
        {"acted": act, "insert": insert, "screen": screen, "chart": chart, "still": still}[way](
            near, story
        )
    paint(image, near.canvas)


def card_words(prompt: str) -> str:
    """Take the first clause of a prompt for a card."""
    clause = re.split(r"[,.;:!?\n、。，；]", prompt.strip(), maxsplit=1)[0].strip()  # noqa: RUF001
    return clause or prompt.strip() or "—"
