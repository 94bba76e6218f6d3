"""The picture of a shot, without any lettering: place, subject, references, weather."""

import random
from dataclasses import replace

from PIL import Image, ImageFilter

from callsheet.drawing import atmosphere
from callsheet.drawing.backdrop import backdrop
from callsheet.drawing.canvas import Canvas, paint
from callsheet.drawing.casting import draw_cast, own_colour, walks_along
from callsheet.drawing.colours import Colour
from callsheet.drawing.composition import compose
from callsheet.drawing.materials import Materials, cover
from callsheet.drawing.palette import Palette, leading_colours, palette_for
from callsheet.drawing.reading import Reading, Thing, read_prompt
from callsheet.drawing.scenery import draw_scenery
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.directing import draw_story, way_of
from callsheet.drawing.story import Story
from callsheet.drawing.subjects import place
from callsheet.drawing.subjects.dyes import dyes_for
from callsheet.drawing.words import table_of
from callsheet.ports.pictures import FrameSpec

_BLURRED_AT = 0.25  # what is out of focus is painted this small
_WIDEST = 0.68  # of the frame, for a subject that is not seen close
_FULL_FIGURE = 0.95
_TILT = 6  # degrees
_OUTDOORS = 3  # metres: what is taller stands under the sky


def plan_scene(spec: FrameSpec, story: Story, materials: Materials, size: tuple[int, int]) -> Stage:
    """Decide everything about the scene before anything is drawn."""
    way = "portrait" if materials.cast or materials.plate is not None else way_of(story)
    reading = read_prompt(spec.prompt) if way == "portrait" else _staged(story)
    aspect = size[0] / size[1]
    plan = compose(
        reading, seed=spec.seed, variant=spec.variant, aspect=aspect, staged=way != "portrait"
    )
    if story.light_from:
        side = 0.1 if story.light_from == "left" else 0.9
        plan = replace(plan, light_x=side)
    styles = [leading_colours(picture) for picture in materials.styles]
    if not styles and materials.plate is not None:
        styles = [leading_colours(materials.plate)]
    palette = palette_for(reading, styles, choice=plan.choice, turn=plan.turn)
    dice = random.Random(f"{spec.seed}:{spec.variant}:{reading.setting}")  # noqa: S311 - a drawing, not a secret
    return Stage(Canvas(*size), plan, palette, reading, dice, way)


def _staged(story: Story) -> Reading:
    """Fill in where a staged story happens, if its words do not say."""
    reading = story.reading
    if story.empty:
        return replace(reading, setting="studio")  # a plain ground for a card
    places = (
        table_of("props")[prop.name].get("place", "")
        for prop in story.props
        if prop.name in table_of("props")
    )
    setting = reading.setting or next(filter(None, places), "")
    if not setting or (setting == "studio" and story.people):
        setting = "stage" if any(one.pose in ("sing", "drums") for one in story.people) else setting
    if not setting and story.props and max(prop.metres for prop in story.props) > _OUTDOORS:
        setting = "field"
    wet = {"rain", "snow"} & reading.weather or any(prop.draw == "umbrella" for prop in story.props)
    if not setting and wet:
        setting = "city"
    if story.burning and setting in ("", "room"):
        setting = "city" if setting == "" else setting
    return replace(reading, setting=setting or "room")


def draw_scene(stage: Stage, story: Story, materials: Materials, prompt: str) -> Image.Image:
    """Draw the scene that was planned, RGB, of the canvas's size."""
    size = round(stage.width), round(stage.height)
    if materials.plate is not None:
        image = cover(materials.plate, size)
        if stage.plan.mirrored:
            # Variants of one plate frame it differently, but never flip it: it may hold lettering.
            image = _closer(image)
    else:
        image = place_and_air(stage, size)
    if stage.way == "portrait":
        draw_cast(stage, image, materials)
    else:
        draw_story(stage, image, story, stage.way, prompt)
    if materials.plate is None:
        atmosphere.in_front(stage, image)
    atmosphere.vignette(stage, image)
    if "mono" in stage.reading.moods:
        image = image.convert("L").convert("RGB")
    if stage.plan.angle == "dutch":
        image = _tilted(image, left=stage.plan.mirrored)
    return image


def _closer(image: Image.Image) -> Image.Image:
    across, down = image.width * 0.05, image.height * 0.05
    box = (across, down, image.width - across, image.height - down)
    return image.resize(image.size, Image.Resampling.BICUBIC, box=box)


def _tilted(image: Image.Image, *, left: bool) -> Image.Image:
    larger = image.resize(
        (round(image.width * 1.22), round(image.height * 1.22)), Image.Resampling.BICUBIC
    ).rotate(_TILT if left else -_TILT, Image.Resampling.BICUBIC)
    x, y = (larger.width - image.width) // 2, (larger.height - image.height) // 2
    return larger.crop((x, y, x + image.width, y + image.height))


def place_and_air(stage: Stage, size: tuple[int, int]) -> Image.Image:
    """Draw what is behind everybody: the place, and the air in it; RGB, of a size."""
    if stage.way != "card":
        draw_scenery(stage)
    if stage.way == "portrait":
        _far_supports(stage)
    image = backdrop(stage, size)
    if stage.plan.soft:
        image = _out_of_focus(stage, image)
    else:
        paint(image, stage.canvas)
    atmosphere.behind(stage, image)
    return image


def _out_of_focus(stage: Stage, image: Image.Image) -> Image.Image:
    small = image.resize(
        (max(32, round(image.width * _BLURRED_AT)), max(32, round(image.height * _BLURRED_AT))),
        Image.Resampling.BOX,
    )
    paint(small, stage.canvas)
    radius = max(0.5, stage.unit * _BLURRED_AT * 1.7 * stage.plan.soft)
    return small.filter(ImageFilter.GaussianBlur(radius)).resize(
        image.size, Image.Resampling.BICUBIC
    )


def _far_supports(stage: Stage) -> None:
    """Put what goes with the subject at some distance, on the free side."""
    plan = stage.plan
    if plan.angle in ("overhead", "aerial"):
        return
    away = 1 - plan.subject_x
    for thing in plan.supports:
        if thing.sort == "people" and plan.soft and plan.setting != "studio":
            # Somebody behind the product, out of focus.
            _far(stage, thing, x=away, base=1.45, scale=1.3, haze=0.12)
        elif thing.sort == "buildings" and not plan.indoors:
            outward = 0.06 if plan.on_left else -0.06
            _far(stage, thing, x=away + outward, base=plan.horizon + 0.015, scale=0.4, haze=0.3)
        elif (
            thing.sort in ("nature", "vehicles")
            and not plan.indoors
            and not walks_along(plan, thing)
        ):
            _far(stage, thing, x=away, base=plan.horizon + 0.08, scale=0.15, haze=0.15)


def _far(stage: Stage, thing: Thing, *, x: float, base: float, scale: float, haze: float) -> None:
    dyes = dyes_for(stage.palette, colour=own_colour(stage, thing), haze=haze)
    place(stage, thing, x=x, base=base, scale=scale, dyes=dyes, facing=stage.plan.from_left)


def swatches(palette: Palette) -> tuple[Colour, ...]:
    """Choose the five colours that an art director would note."""
    return palette.sky_high, palette.sky_low, palette.ground, palette.subject, palette.accent
