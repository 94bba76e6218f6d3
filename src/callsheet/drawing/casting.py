"""Who and what stands in the scene: the subject, its company, reference pictures."""

from PIL import Image

from callsheet.drawing.canvas import Canvas, Pen, paint
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.composition import Composition
from callsheet.drawing.materials import Cutout, Materials, place_picture
from callsheet.drawing.reading import Thing
from callsheet.drawing.stage import Stage
from callsheet.drawing.subjects import drawing_of, place
from callsheet.drawing.subjects.dyes import dyes_for
from callsheet.ports.pictures import ReferenceMode

_STATURES = {"dog": 0.4, "cat": 0.24, "horse": 1.0, "bicycle": 0.56, "car": 0.78, "van": 1.1}
_COATS: dict[str, Colour] = {
    "dog": (168, 124, 84),
    "cat": (150, 140, 134),
    "horse": (122, 84, 60),
    "bird": (214, 214, 210),
}
_WIDEST = 0.68  # of the frame, for a subject that is not seen close
_FULL_FIGURE = 0.95
_BESIDE = 0.26  # of the frame's height, for a product in front of somebody


def draw_cast(stage: Stage, image: Image.Image, materials: Materials) -> None:
    """Put subject, references and what goes with them before the background."""
    plan = stage.plan
    near = stage.on(Canvas(stage.width, stage.height))
    drawn = materials.plate is None
    replaced = any(_replaces(item, plan.main) for item in materials.cast)
    if drawn and plan.tabletop and plan.angle not in ("overhead", "aerial"):
        _tabletop(near)
    if drawn and plan.setting == "studio" and (replaced or _is_product(plan.main)):
        _plinth(near, shared=len(materials.cast) > 1)
    if drawn and not replaced and (plan.main or plan.setting in ("abstract", "studio")):
        _main(near)
    if drawn:
        _near_supports(near, taken=bool(materials.cast))
        if plan.size == "over_shoulder":
            _shoulder(near)
    paint(image, near.canvas)
    _pictures(stage, image, materials, beside=drawn and not replaced)


def _replaces(item: Cutout, main: Thing | None) -> bool:
    """Let a product picture stand for a product, a subject picture for whoever it is about.

    A person's picture that could not be cut out stands beside our figure, as a casting card.
    """
    if main is None or main.sort != "people":
        return True
    return item.mode is ReferenceMode.SUBJECT and not item.mounted


def _is_product(thing: Thing | None) -> bool:
    return thing is None or thing.sort == "products"


def _plinth(stage: Stage, *, shared: bool) -> None:
    """Draw a round plinth that the product stands on, or all of them."""
    plan = stage.plan
    if plan.scale > _FULL_FIGURE or plan.angle in ("overhead", "aerial"):
        return
    colour = mix(stage.palette.sky_low, stage.palette.accent, 0.22)
    half = (
        stage.width * 0.46 if shared else min(stage.width * 0.36, stage.height * plan.scale * 0.72)
    )
    x = 0.5 if shared else plan.subject_x
    pen = Pen(
        stage.canvas,
        x * stage.width,
        plan.base * stage.height,
        half,
        plan.from_left is False,
    )
    deep = 2 * stage.height / half
    pen.box(-1, -deep, 1, 0.0, lit(colour, -0.06))
    for start, alpha in ((-0.2, 0.16), (0.2, 0.2), (0.55, 0.26), (0.8, 0.3)):
        pen.box(start, -deep, 1, 0.0, lit(colour, -0.24), alpha)
    pen.ellipse(0, 0, 1, 0.16, lit(colour, 0.06))


def _main(stage: Stage) -> None:
    plan = stage.plan
    scale = _fitting(stage, plan.main, plan.scale)
    base = plan.base if scale == plan.scale else min(plan.base, 0.5 + scale / 2 + 0.3)
    if plan.main is not None and not drawing_of(plan.main, plan.angle).grounded:
        base = plan.horizon * 0.62 + scale / 2
    x = plan.subject_x
    if plan.size == "over_shoulder":
        x = 0.36 if plan.mirrored else 0.64
    elif plan.size != "extreme_close":
        x = _inside(stage, x, scale * drawing_of(plan.main, plan.angle).aspect * stage.height)
    place(
        stage, plan.main, x=x, base=base, scale=scale,
        dyes=dyes_for(stage.palette, colour=own_colour(stage, plan.main)),
        facing=not plan.from_left,
    )  # fmt: skip


def _inside(stage: Stage, x: float, width: float) -> float:
    """Move a subject of some pixels across away from the frame's sides."""
    half = width / 2 / stage.width + 0.05
    return x if 2 * half > 1 else min(1 - half, max(half, x))


def _fitting(stage: Stage, thing: Thing | None, scale: float) -> float:
    """Shrink what would be too wide, unless it is meant to be seen only in part."""
    aspect = drawing_of(thing, stage.plan.angle).aspect
    widest = _WIDEST * stage.width / (aspect * stage.height)
    if thing is not None and thing.sort == "people":
        return min(scale, widest * 2.6) if scale > _FULL_FIGURE else min(scale, widest * 1.3)
    if stage.plan.size == "extreme_close":
        return min(scale, widest * 1.9)
    return min(scale, widest)


def _near_supports(stage: Stage, *, taken: bool) -> None:
    """Put a product in front of a person or beside another product, smaller and to the side."""
    plan = stage.plan
    for thing in plan.supports:
        if walks_along(plan, thing):
            place(
                stage, thing, x=1 - plan.subject_x, base=plan.base - 0.012,
                scale=plan.scale * _STATURES[thing.name],
                dyes=dyes_for(stage.palette, colour=own_colour(stage, thing)),
                facing=plan.on_left,
            )  # fmt: skip
    company = plan.main is None or plan.main.sort in ("people", "products")
    if taken or not company or plan.size in ("extreme_wide", "wide"):
        return
    for thing in plan.supports:
        if thing.sort != "products":
            continue
        scale = min(_BESIDE, plan.scale * 0.6) if plan.tabletop else _by_a_person(plan)
        aspect = drawing_of(thing, plan.angle).aspect
        scale = min(scale, 0.3 * stage.width / (aspect * stage.height))
        base = 0.96 if scale > _BESIDE * 0.8 else min(0.94, plan.base + 0.02)
        place(
            stage, thing, x=1 - plan.subject_x, base=base, scale=scale,
            dyes=dyes_for(stage.palette, colour=stage.palette.accent), facing=not plan.from_left,
        )  # fmt: skip


def walks_along(plan: Composition, thing: Thing) -> bool:
    """Tell whether a thing belongs at the feet of a person seen whole."""
    person = plan.main is not None and plan.main.sort == "people"
    return person and plan.scale <= _FULL_FIGURE and thing.name in _STATURES


def own_colour(stage: Stage, thing: Thing | None) -> Colour:
    """Give animals their own coat unless a colour is named; the rest take the scene's colour."""
    if thing is not None and thing.name in _COATS and not stage.reading.colours:
        return mix(_COATS[thing.name], stage.palette.shade, 0.45 if stage.palette.dark else 0.1)
    return stage.palette.subject


def _by_a_person(plan: Composition) -> float:
    return _BESIDE if plan.size in ("medium", "close", "cowboy", "two_shot") else _BESIDE / 2


def _tabletop(stage: Stage) -> None:
    palette, plan = stage.palette, stage.plan
    top = min(plan.base - 0.1, plan.horizon + 0.05) * stage.height
    colours = stage.reading.colours
    wood = colours[-1] if len(colours) > 1 else mix(palette.ground, palette.light, 0.32)
    board = mix(mix(wood, palette.ground, 0.35), palette.sky_low, 0.12)
    stage.canvas.rectangle(0, top, stage.width, stage.height, board)
    stage.canvas.rectangle(0, top, stage.width, top + stage.unit * 0.5, lit(board, 0.1), 0.8)
    for n in range(1, 9):
        y = top + (stage.height - top) * (n / 9) ** 1.5
        stage.canvas.rectangle(0, y, stage.width, stage.height, lit(board, -0.1), 0.09)
    middle = (plan.light_x + plan.subject_x) / 2 * stage.width
    stage.canvas.glow(
        middle,
        top + (stage.height - top) * 0.35,
        stage.width * 0.4,
        (stage.height - top) * 0.4,
        palette.light,
        0.24,
    )


def _shoulder(stage: Stage) -> None:
    """Draw whoever the camera looks past: the back of a head and a shoulder, dark and large."""
    side = 0.84 if stage.plan.mirrored else 0.16
    tall = min(stage.height, stage.width * 1.2)
    pen = Pen(stage.canvas, side * stage.width, stage.height * 1.02, tall, flip=stage.plan.mirrored)
    dark = mix(lit(stage.palette.shade, 0.03), stage.palette.sky_low, 0.08)
    pen.blob(
        (
            (-0.5, 0.0),
            (-0.46, 0.32),
            (-0.26, 0.46),
            (-0.08, 0.52),
            (0.1, 0.5),
            (0.28, 0.38),
            (0.36, 0.0),
        ),
        dark,
    )
    pen.blob(
        (
            (-0.2, 0.5),
            (-0.24, 0.68),
            (-0.18, 0.84),
            (0.0, 0.92),
            (0.16, 0.86),
            (0.22, 0.7),
            (0.17, 0.54),
            (0.06, 0.46),
        ),
        lit(dark, 0.015),
    )
    pen.line(((0.08, 0.9), (0.2, 0.78), (0.215, 0.62)), 0.012, stage.palette.light, 0.5)


def _pictures(stage: Stage, image: Image.Image, materials: Materials, *, beside: bool) -> None:
    """Stand the reference pictures in the scene, the first where the subject is."""
    plan = stage.plan
    spots = [plan.subject_x, 1 - plan.subject_x, 0.5]
    if beside:
        spots = spots[1:]
    for number, (x, item) in enumerate(zip(spots, materials.cast, strict=False)):
        second = number > 0 or beside
        tall = _picture_height(plan, item.mode) * (0.62 if second else 1.0)
        base = min(0.94, max(plan.base, plan.horizon + 0.12))
        if tall >= _FULL_FIGURE:
            base = 0.5 + tall / 2
        elif materials.plate is not None:
            base = 0.9
        if second and plan.setting != "studio":
            base = min(0.965, base + 0.03)
        across = (0.24 if item.mounted else 0.36) if second else 0.66
        room = stage.width * across, stage.height * tall
        place_picture(stage, image, item.picture, x=x, base=base, room=room)


def _picture_height(plan: Composition, mode: ReferenceMode) -> float:
    if plan.size in ("extreme_wide", "wide") or plan.angle == "aerial":
        return 0.3
    if plan.size == "extreme_close":
        return 1.2
    if mode is ReferenceMode.SUBJECT:
        return {"full": 0.76, "cowboy": 0.78, "medium": 0.78, "close": 0.8}.get(plan.size, 0.7)
    return {"close": 0.66, "medium": 0.54, "full": 0.52}.get(plan.size, 0.5)
