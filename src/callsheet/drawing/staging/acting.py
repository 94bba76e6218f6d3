"""People and animals doing what is said, with what they hold, where they are."""

from dataclasses import dataclass, replace

from callsheet.drawing.canvas import Canvas, Pen
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.pictographs.shapes import draw_pictograph, pictograph
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.animals import draw_animal
from callsheet.drawing.staging.figure import Joints, draw_figure, figure_joints
from callsheet.drawing.staging.look import Look
from callsheet.drawing.staging.poses import POSES, Pose
from callsheet.drawing.staging.things import aspect_of, edged, put, shade
from callsheet.drawing.staging.wardrobe import look_of
from callsheet.drawing.story import Person, Prop, Story, is_animal
from callsheet.drawing.subjects.dyes import dyes_for
from callsheet.drawing.words import table_of

_SCALES = {
    "extreme_wide": 0.32, "wide": 0.56, "full": 0.74, "": 0.7, "cowboy": 1.06, "medium": 1.16,
    "two_shot": 1.12, "over_shoulder": 1.2, "close": 2.5, "extreme_close": 3.4,
}  # fmt: skip
_HEAD_ROOM = 0.13
_PERSON_METRES = 1.72
_SEATED = frozenset(("sit", "lute", "drums", "piano", "write", "chess", "drive"))
_AT_TABLE = frozenset(("knead", "write", "cut", "stir"))
_FACED = {"hug": 0.2, "give": 0.58, "take": 0.58, "chess": 0.94, "knead": 0.74}
_POSE_OF = {
    "sew": "work", "pour": "hold", "unscrew": "work", "grip": "hold", "cut": "knead",
    "stir": "knead", "build": "work", "print": "work", "play_chess": "chess", "play_music": "lute",
    "cry": "worry", "shout": "sing", "man": "stand", "woman": "stand", "swim": "swim",
}  # fmt: skip
_LARGER = 1.3  # small things in hands, so that they are seen at all
_FAR_METRES = 3.5


@dataclass(frozen=True, slots=True)
class _Placed:
    person: Person
    look: Look
    pose: Pose
    pose_name: str
    x: float
    flip: bool


def act(stage: Stage, story: Story) -> None:
    """Draw the cast of a story with all that goes with them, from back to front."""
    people = [one for one in story.people if one.role != "crowd"]
    crowd = [one for one in story.people if one.role == "crowd"]
    scale, base = _framing(stage, story, people)
    if not people and crowd:
        _crowd(stage, crowd[0], base=0.97, scale=min(0.5, scale * 0.7), rows=3)
        _around(stage, story, scale, base, taken=())
        return
    placed = _placed(stage, people, scale, animal=_animal(story))
    _behind(stage, story, scale, base, placed)
    if crowd:
        _crowd(
            stage, crowd[0], base=base - 0.06, scale=min(scale * 0.62, 0.42), rows=2, hidden=placed
        )
    under = next((prop for prop in story.props if prop.at == "under"), None)
    if under is not None and placed:
        put(
            stage,
            under,
            x=placed[0].x,
            base=base * stage.height,
            tall=0.07 * stage.height,
            shadow=False,
        )
    held = _held(story, placed)
    joints = [_person(stage, one, scale, base, held.get(n)) for n, one in enumerate(placed)]
    _between(stage, story, placed, joints, scale, base)
    _animals(stage, story, placed, scale, base)
    _around(stage, story, scale, base, taken=tuple(held.values()))


def _animals(stage: Stage, story: Story, placed: list[_Placed], scale: float, base: float) -> None:
    """Draw the animals: alone in the middle, several side by side, beside people at their feet."""
    animals = [prop for prop in story.props if is_animal(prop.draw)][:3]
    for n, animal in enumerate(animals):
        x = 0.5 if not placed else 1 - stage.plan.subject_x
        x += 0.3 * (n - (len(animals) - 1) / 2)
        draw_animal(stage, animal, story, x=x, base=base, metre=scale / _PERSON_METRES)


def _animal(story: Story) -> Prop | None:
    return next((prop for prop in story.props if is_animal(prop.draw)), None)


def _framing(stage: Stage, story: Story, people: list[Person]) -> tuple[float, float]:
    """Find how tall a figure is and where it stands, as fractions of the frame."""
    plan = stage.plan
    scale = _SCALES.get(plan.size, 0.7) * (0.96 + 0.05 * (plan.choice % 3))
    poses = [_pose(one) for one in people] or [POSES["stand"]]
    if plan.setting == "car_inside" and people:
        return 1.05, 1.3
    sizes = [0.66 if one.age == "child" or _is_child(one) else 1.0 for one in people] or [1.0]
    top = max(
        (figure_joints(pose)[1][1] + 0.17) * size for pose, size in zip(poses, sizes, strict=True)
    )
    if plan.size in ("", "full", "wide", "extreme_wide"):
        scale = min(scale, 0.78 / top)
    across = len(people) * 0.34 + (0.1 if story.props else 0.0)
    room = stage.width / stage.height * 0.96
    if plan.size not in ("close", "extreme_close"):
        scale = min(scale, room / max(0.4, across))
    if scale * top > 0.8:  # noqa: PLR2004 - of the frame's height: cut by its lower edge
        tall = (
            max(
                (figure_joints(_pose(one))[1][1] + 0.17) * (0.66 if one.age == "child" else 1.0)
                for one in people
            )
            if people
            else top
        )
        return scale, _HEAD_ROOM + scale * tall
    floor = (
        0.93 if plan.size in ("", "full", "medium", "two_shot", "cowboy") else plan.horizon + 0.2
    )
    return scale, min(0.94, max(floor, scale * top + 0.1))


def _is_child(person: Person) -> bool:
    return bool(table_of("roles").get(person.role, {}).get("age") == "child")


def pose_named(name: str) -> Pose:
    """Find the pose that a verb or role asks for; standing where there is none."""
    return POSES.get(_POSE_OF.get(name, name), POSES["stand"])


def _pose(person: Person) -> Pose:
    return pose_named(person.pose)


def _placed(stage: Stage, people: list[Person], scale: float, animal: Prop | None) -> list[_Placed]:
    """Give everybody a place: partners face each other, runners follow one another."""
    if not people:
        return []
    unit = scale * stage.height
    names = [_POSE_OF.get(one.pose, one.pose) for one in people]
    apart = _FACED.get(names[0], 0.62 if names[0] == "work" else 0.5)
    facing = len(people) > 1 and (
        any(name in _FACED for name in names) or people[0].face == "laugh" or names[0] == "speak"
    )
    if names[0] in ("run", "umbrella_run"):
        apart = 0.86
    apart = min(apart * unit, stage.width * 0.9 / max(1, len(people)))
    middle = 0.5 if len(people) > 1 and animal is None else stage.plan.subject_x
    start = middle * stage.width - apart * (len(people) - 1) / 2
    mirrored = stage.plan.mirrored
    placed = []
    for n, person in enumerate(people):
        order = len(people) - 1 - n if mirrored != (names[0] in ("run", "umbrella_run")) else n
        look = look_of(person, n, stage.plan.choice, stage.palette)
        flip = (order >= len(people) / 2) if facing or names[0] == "work" else mirrored
        x = start + order * apart
        if facing and len(people) > 2:  # noqa: PLR2004 - a pair, and others beside it
            flip = order > 0
        placed.append(_Placed(person, look, _pose(person), names[n], x, flip))
    return placed


def _person(
    stage: Stage, one: _Placed, scale: float, base: float, held: Prop | None
) -> tuple[Pen, Joints]:
    unit, foot = scale * stage.height, base * stage.height
    if one.pose_name in _SEATED:
        _seat(stage, one, unit, foot)
    shade(stage, one.x, foot, unit * (0.24 if one.pose.lying or one.pose.low else 0.15))
    own = Canvas(stage.width, stage.height)
    pen = Pen(own, one.x, foot, unit, flip=one.flip)
    joints = draw_figure(pen, one.look, one.pose)
    edged(stage, own, one.x)
    if held is not None:
        _hold(stage, one, pen, joints, held)
    return pen, joints


def _seat(stage: Stage, one: _Placed, unit: float, foot: float) -> None:
    colour = mix((120, 84, 58), stage.palette.shade, 0.3)
    side = -1 if one.flip else 1
    high = figure_joints(one.pose)[0][1] * unit * one.look.stature - unit * 0.05
    x = one.x
    for shift in (-0.07, 0.08):
        left = x + side * shift * unit
        stage.canvas.rectangle(
            left - unit * 0.012, foot - high, left + unit * 0.012, foot, lit(colour, -0.06)
        )
    stage.canvas.rectangle(
        x - unit * 0.11,
        foot - high - unit * 0.02,
        x + unit * 0.11,
        foot - high + unit * 0.015,
        colour,
    )


_READ = frozenset(("1f4d6", "1f4f0", "2709", "book"))
_AT_MOUTH = frozenset(("microphone", "1f3a4"))
_IN_BOTH = frozenset(("1f4d6", "2709", "1f4f0", "contract", "1f4bb", "bowl"))


def _hold(stage: Stage, one: _Placed, pen: Pen, joints: Joints, prop: Prop) -> None:
    """Put a thing into a hand, as such things are held."""
    unit = pen.height
    hand = pen.at(joints.far_hand)
    near = pen.at(joints.near_hand)
    tall = max(0.07, prop.metres / _PERSON_METRES * _LARGER) * unit
    side = -1 if one.flip else 1
    if prop.draw in _AT_MOUTH:
        put(
            stage,
            prop,
            x=hand[0],
            base=hand[1] + tall * 0.34,
            tall=tall,
            turn=-26 * side,
            flip=one.flip,
            shadow=False,
        )
    elif prop.draw == "phone" and one.pose_name == "selfie":
        head = pen.at(joints.head)
        put(
            stage,
            prop,
            x=head[0] + side * 0.03 * unit,
            base=head[1] + tall * 0.5,
            tall=tall * 1.15,
            shadow=False,
        )
        stage.canvas.ellipse(
            head[0] + side * 0.055 * unit,
            head[1] + tall * 0.3,
            unit * 0.026,
            unit * 0.03,
            one.look.skin,
        )
    elif prop.draw == "phone":
        put(stage, prop, x=hand[0] + side * 0.008 * unit, base=hand[1] + tall * 0.5, tall=tall,
            turn=(12 if one.pose_name.startswith("phone") else 0) * side, shadow=False)  # fmt: skip
    elif prop.draw in ("lute", "1f3b8", "1f3bb", "1fa95"):
        middle = (hand[0] * 0.35 + near[0] * 0.65, hand[1] * 0.35 + near[1] * 0.65)
        tall = prop.metres / _PERSON_METRES * unit
        turn = 58 * side if prop.draw == "lute" else (14 if not one.flip else -76)
        put(
            stage,
            prop,
            x=middle[0] + side * 0.04 * unit,
            base=middle[1] + tall / 2,
            tall=tall,
            turn=turn,
            shadow=False,
        )
        _redraw_hands(stage, one, (hand, near), unit)
    elif prop.draw == "umbrella":
        put(
            stage,
            prop,
            x=hand[0],
            base=hand[1] + tall * 0.08,
            tall=unit * 0.56,
            turn=-7 * side,
            shadow=False,
        )
    elif prop.draw == "drill":
        tall = prop.metres / _PERSON_METRES * unit
        put(
            stage,
            prop,
            x=hand[0] + side * 0.01 * unit,
            base=hand[1] + tall * 0.92,
            tall=tall,
            shadow=False,
        )
    elif prop.draw in _IN_BOTH:
        put(
            stage,
            prop,
            x=(hand[0] + near[0]) / 2 + side * 0.04 * unit,
            base=min(hand[1], near[1]) + tall * 0.5,
            tall=tall,
            flip=one.flip,
            shadow=False,
        )
    elif prop.at == "sky" or prop.draw == "1f388":
        put(stage, prop, x=hand[0], base=hand[1] - 0.02 * unit, tall=tall, shadow=False)
    else:
        put(
            stage,
            prop,
            x=hand[0] + side * 0.02 * unit,
            base=hand[1] + tall * 0.3,
            tall=tall,
            flip=one.flip,
            shadow=False,
        )


def _redraw_hands(
    stage: Stage, one: _Placed, hands: tuple[tuple[float, float], ...], unit: float
) -> None:
    for x, y in hands:
        stage.canvas.ellipse(x, y, unit * 0.024, unit * 0.026, one.look.skin)


def _held(story: Story, placed: list[_Placed]) -> dict[int, Prop]:
    """Share out what is held: to who needs it for what they do, else to the first free hand."""
    props = {prop.name: prop for prop in story.props}
    held: dict[int, Prop] = {}
    loose = [prop for prop in story.props if prop.at == "held" and not is_animal(prop.draw)]
    together = placed[0].pose_name in ("give", "take") if placed else False
    for n, one in enumerate(placed):
        wanted = one.person.prop
        if wanted == "book" and any(prop.draw in _READ for prop in loose):
            wanted = ""
        if wanted and wanted not in ("chess", "drums", "piano", "dough", "bicycle"):
            prop = props.get(wanted) or prop_named(wanted)
            if prop is not None:
                held[n] = prop
    used = {prop.draw for prop in held.values()}
    for prop in loose:
        free = [n for n in range(len(placed)) if n not in held]
        if prop.draw in used or not free or (together and len(placed) > 1):
            continue
        held[free[0]] = prop
        used.add(prop.draw)
    return held


def prop_named(name: str) -> Prop | None:
    """Make a thing of the vocabulary that a verb or role brings along."""
    entry = table_of("props").get(name)
    if entry is None:
        mug = {"mug": Prop("mug", "mug", 0.12, "held")}
        return mug.get(name)
    return Prop(name, entry["draw"], entry["metres"], entry["at"], glows=entry.get("glows", False))


def _between(
    stage: Stage,
    story: Story,
    placed: list[_Placed],
    joints: list[tuple[Pen, Joints]],
    scale: float,
    base: float,
) -> None:
    """Draw what stands between or before people: tables, boards, drums, what is handed over."""
    if not placed:
        return
    unit, foot = scale * stage.height, base * stage.height
    middle = sum(one.x for one in placed[:2]) / len(placed[:2])
    first = placed[0]
    if any(one.person.prop == "chess" or one.pose_name == "chess" for one in placed):
        put(stage, Prop("chess", "chess", 0.9, "between"), x=middle, base=foot, tall=unit * 0.56)
    elif any(one.pose_name in _AT_TABLE for one in placed):
        _table(stage, story, placed, middle, unit, foot)
    for name, draw, across in (("drums", "1f941", 0.3), ("piano", "1f3b9", 0.42)):
        if any(one.person.prop == name for one in placed):
            side = -1 if first.flip else 1
            put(
                stage,
                Prop(name, draw, 0.8, "ground"),
                x=first.x + side * across * unit,
                base=foot + 0.02 * unit,
                tall=0.34 * unit,
            )
    if any(one.person.prop == "bicycle" for one in placed):
        put(
            stage,
            Prop("bicycle", "bicycle", 1.05, "ground", colour=first.look.hat_colour),
            x=first.x,
            base=foot,
            tall=0.58 * unit,
            flip=first.flip,
        )
    if first.pose_name in ("give", "take") and len(placed) > 1:
        given = next((prop for prop in story.props if prop.at in ("held", "table")), None)
        if given is not None:
            spots = [pen.at(one.far_hand) for pen, one in joints[:2]]
            x, y = sum(x for x, _ in spots) / 2, sum(y for _, y in spots) / 2
            tall = max(0.13, given.metres / _PERSON_METRES * _LARGER) * unit
            put(stage, given, x=x, base=y + tall * 0.45, tall=tall, shadow=False)
    bent = [one for one in placed if one.person.pose == "sew"]
    net = next((prop for prop in story.props if prop.draw == "net"), None)
    if bent and net is not None:
        put(
            stage,
            net,
            x=middle + (0.2 if not first.flip else -0.2) * unit,
            base=foot,
            tall=0.36 * unit,
        )


def _table(
    stage: Stage, story: Story, placed: list[_Placed], middle: float, unit: float, foot: float
) -> None:
    colour = mix((168, 118, 76), stage.palette.shade, 0.34 if stage.palette.dark else 0.12)
    small = min(one.look.stature for one in placed)
    high = unit * (0.43 if small > 0.8 else 0.36)  # noqa: PLR2004 - a child must reach it
    half = unit * (0.62 if len(placed) > 1 else 0.46)
    top = foot - high
    stage.canvas.rectangle(
        middle - half * 0.92, top, middle - half * 0.84, foot + unit * 0.04, lit(colour, -0.1)
    )
    stage.canvas.rectangle(
        middle + half * 0.84, top, middle + half * 0.92, foot + unit * 0.04, lit(colour, -0.1)
    )
    stage.canvas.rectangle(middle - half, top, middle + half, top + unit * 0.07, lit(colour, -0.04))
    stage.canvas.rectangle(
        middle - half, top - unit * 0.02, middle + half, top + unit * 0.02, lit(colour, 0.06)
    )
    pose = placed[0].person.pose
    if pose == "knead":
        put(
            stage,
            Prop("dough", "dough", 0.12, "table"),
            x=middle,
            base=top,
            tall=unit * 0.13,
            shadow=False,
        )
        for n in range(26):
            x = middle + (stage.dice.random() - 0.5) * unit * 0.7
            y = top - stage.dice.random() ** 1.4 * unit * 0.45
            stage.canvas.ellipse(
                x, y, unit * 0.006 * (1 + n % 3), unit * 0.006 * (1 + n % 3), (255, 252, 244), 0.6
            )
    on = [
        prop
        for prop in story.props
        if prop.at in ("table", "held") and prop.draw not in ("dough", "pen")
    ]
    for n, prop in enumerate(on[:3]):
        tall = max(0.08, prop.metres / _PERSON_METRES * _LARGER) * unit
        put(stage, prop, x=middle + (n - 1) * 0.3 * unit, base=top, tall=tall, shadow=False)
    if pose == "write" and not any(prop.draw == "contract" for prop in on):
        put(
            stage,
            Prop("paper", "contract", 0.3, "table"),
            x=middle,
            base=top + unit * 0.02,
            tall=unit * 0.07,
            shadow=False,
        )


def _behind(stage: Stage, story: Story, scale: float, base: float, placed: list[_Placed]) -> None:
    """Draw what is far: buildings, tents, what hangs in the sky, mirrors."""
    unit = scale * stage.height
    away = 1 - stage.plan.subject_x if len(placed) < 2 else (0.84 if stage.plan.mirrored else 0.16)  # noqa: PLR2004
    for prop in story.props:
        if prop.at == "sky":
            sky(stage, prop)
        elif prop.at == "behind":
            x = placed[0].x if placed else 0.5 * stage.width
            side = -1 if placed and placed[0].flip else 1
            _mirrored(
                stage, prop, placed, x + side * 0.5 * unit, base * stage.height - 0.05 * unit, unit
            )
        elif prop.metres >= _FAR_METRES and not is_animal(prop.draw):
            prop_far = replace(prop, burns=story.burning)
            part = 0.72 if scale > 0.9 else 0.46  # noqa: PLR2004 - nearer shots see more of it
            across = away if scale < 0.9 else (0.3 if stage.plan.mirrored else 0.7)  # noqa: PLR2004
            put(stage, prop_far, x=across * stage.width,
                base=(stage.plan.horizon + 0.1) * stage.height, tall=part * stage.height,
                haze=0.12)  # fmt: skip
        elif prop.at == "ground" and prop.metres >= 1.2 and not is_animal(prop.draw):  # noqa: PLR2004 - taller than what stands beside
            tall = prop.metres / _PERSON_METRES * unit * 1.05
            put(
                stage,
                prop,
                x=away * stage.width,
                base=base * stage.height - 0.04 * stage.height,
                tall=min(tall, 0.7 * stage.height),
            )
    if any(one.pose_name == "selfie" for one in placed) and "shop" in stage.plan.setting + "shop":
        mirror = next((prop for prop in story.props if prop.at == "behind"), None)
        if mirror is None:
            one = placed[0]
            side = -1 if one.flip else 1
            _mirrored(
                stage,
                Prop("mirror", "mirror", 2.0, "behind"),
                placed,
                one.x + side * 0.62 * unit,
                base * stage.height - 0.03 * unit,
                unit,
            )


def _mirrored(
    stage: Stage, prop: Prop, placed: list[_Placed], x: float, foot: float, unit: float
) -> None:
    """Draw a mirror and in it whoever stands before it."""
    put(stage, prop, x=x, base=foot, tall=unit * 1.06)
    if placed:
        one = placed[0]
        own = Canvas(stage.width, stage.height)
        pen = Pen(own, x, foot - unit * 0.07, unit * 0.84, flip=not one.flip)
        joints = draw_figure(pen, one.look, one.pose)
        stage.canvas.shapes.extend(own.shapes)
        if one.person.prop == "phone":
            hand = pen.at(joints.far_hand)
            put(
                stage,
                Prop("phone", "phone", 0.16, "held"),
                x=hand[0],
                base=hand[1] + unit * 0.05,
                tall=unit * 0.11,
                shadow=False,
            )


def sky(stage: Stage, prop: Prop) -> None:
    """Put things into the sky: one large, several scattered."""
    if prop.draw == "1f30d":
        size = 0.42 if stage.plan.setting in ("moon", "space") else 0.24
        x = (
            (1 - stage.plan.subject_x)
            if stage.plan.setting != "moon"
            else 0.5 + (0.2 if stage.plan.mirrored else -0.2)
        )
        put(
            stage,
            prop,
            x=x * stage.width,
            base=(stage.plan.horizon - 0.08) * stage.height,
            tall=size * stage.height,
            shadow=False,
        )
        return
    count = max(1, min(6, prop.count))
    for n in range(count):
        x = (0.2 + 0.6 * (n + 0.5) / count + 0.08 * (stage.dice.random() - 0.5)) * stage.width
        y = (0.16 + 0.2 * stage.dice.random()) * stage.height
        put(
            stage,
            prop,
            x=x,
            base=y,
            tall=(0.075 if count > 1 else 0.14) * stage.height * (0.8 + 0.5 * stage.dice.random()),
            flip=n % 2 == 1,
            shadow=False,
        )


def _around(stage: Stage, story: Story, scale: float, base: float, taken: tuple[Prop, ...]) -> None:
    """Stand what is left beside the cast, and hang what hangs."""
    unit = scale * stage.height
    used = {prop.draw for prop in taken} | {"chess", "dough", "1f941", "1f3b9", "bicycle"}
    doing = {one.pose for one in story.people}
    if "sew" in doing:
        used.add("net")
    if doing & _AT_TABLE or doing & {"give", "take"}:
        used |= {prop.draw for prop in story.props if prop.at in ("table", "held")}
    left = [
        prop for prop in story.props
        if prop.at in ("held", "table", "ground", "screen") and prop.metres < 1.2  # noqa: PLR2004 - those are behind
        and prop.draw not in used and not is_animal(prop.draw)
    ]  # fmt: skip
    side = 0.86 if stage.plan.on_left or len(story.people) > 1 else 0.14
    for n, prop in enumerate(left[:3]):
        tall = max(0.1 * stage.height, prop.metres / _PERSON_METRES * unit * 1.15)
        tall = min(tall, 0.4 * stage.height)
        x = side + (-0.15 if side > 0.5 else 0.15) * n  # noqa: PLR2004
        put(stage, prop, x=x * stage.width, base=min(0.96, base + 0.02) * stage.height, tall=tall)
    for prop in story.props:
        if prop.draw == "string_lights":
            string_lights(stage)


def string_lights(stage: Stage, top: float = 0.05) -> None:
    """Hang two garlands of lamps across the frame."""
    lamps: tuple[Colour, ...] = ((255, 214, 120), (255, 150, 110), (140, 210, 255), (255, 190, 220))
    for row in range(2):
        high, sag = (top + row * 0.1) * stage.height, (0.13 + 0.04 * row) * stage.height
        points = [
            (n / 24 * stage.width, high + sag * (1 - (2 * ((n / 24 * (2 + row)) % 1) - 1) ** 2))
            for n in range(25)
        ]
        stage.canvas.stroke(points, stage.unit * 0.3, (40, 36, 40))
        for n, (x, y) in enumerate(points):
            colour = lamps[n % 4]
            stage.canvas.glow(x, y + stage.unit, stage.unit * 4, stage.unit * 4, colour, 0.55)
            stage.canvas.ellipse(x, y + stage.unit, stage.unit * 0.95, stage.unit * 1.15, colour)


def _crowd(
    stage: Stage,
    person: Person,
    *,
    base: float,
    scale: float,
    rows: int,
    hidden: list[_Placed] | None = None,
) -> None:
    """Draw many people in rows, the nearer larger; none before who the shot is about."""
    pose_name = _POSE_OF.get(person.pose, person.pose)
    for row in range(rows):
        size = scale * (0.78 + 0.22 * row)
        count = max(4, min(12, round(stage.width / stage.height / (size * 0.42))))
        for n in range(count):
            x = (n + 0.5 + 0.3 * (stage.dice.random() - 0.5) + 0.25 * (row % 2)) / count
            if hidden and any(abs(x * stage.width - one.x) < 0.16 * stage.height for one in hidden):
                continue
            face = person.face or ("calm", "laugh")[n % 2]
            own = replace(person, role="person", sex=("man", "woman")[(n + row) % 2], face=face)
            look = look_of(own, n * 3 + row, stage.plan.choice, stage.palette)
            name = (
                pose_name
                if pose_name != "stand"
                else ("stand", "cheer", "worry")[(n + row) % (3 if face == "worry" else 2)]
            )
            pose = POSES.get(name, POSES["stand"])
            foot = (base - 0.07 * (rows - 1 - row)) * stage.height
            canvas = Canvas(stage.width, stage.height)
            _spot(stage, x * stage.width, foot, size * stage.height)
            draw_figure(
                Pen(canvas, x * stage.width, foot, size * stage.height, flip=n % 2 == 1), look, pose
            )
            stage.canvas.shapes.extend(canvas.shapes)


def _spot(stage: Stage, x: float, foot: float, tall: float) -> None:
    """Ground one of many: a plain shadow, which costs little."""
    stage.canvas.ellipse(x, foot, tall * 0.15, tall * 0.03, stage.palette.shade, 0.4)


def party_from_above(stage: Stage, story: Story) -> None:
    """Draw a crowd seen from high up: small figures over the whole ground."""
    person = next((one for one in story.people), Person("crowd"))
    rows = 5
    for row in range(rows):
        depth = row / (rows - 1)
        size = 0.13 + 0.09 * depth
        count = max(5, min(15, round(stage.width / stage.height / (size * 0.8))))
        for n in range(count):
            if stage.dice.random() < 0.16:  # noqa: PLR2004 - gaps in the crowd
                continue
            x = (n + 0.5 + 0.5 * (stage.dice.random() - 0.5)) / count * stage.width
            y = (0.26 + 0.64 * depth + 0.1 * stage.dice.random()) * stage.height
            own = replace(person, role="person", sex=("man", "woman")[(n + row) % 2], face="laugh")
            look = look_of(own, n * 7 + row, stage.plan.choice, stage.palette)
            name = _POSE_OF.get(person.pose, person.pose)
            if name == "stand" or (n + row) % 4 == 0:
                name = ("cheer", "drink", "walk")[(n + row) % 3]
            _spot(stage, x, y, size * stage.height)
            draw_figure(
                Pen(stage.canvas, x, y, size * stage.height, flip=n % 2 == 1),
                look,
                POSES.get(name, POSES["stand"]),
            )
    if any(prop.draw == "string_lights" for prop in story.props):
        string_lights(stage, 0.1)


def hand(
    stage: Stage,
    code: str,
    *,
    x: float,
    y: float,
    size: float,
    turn: float = 0.0,
    flip: bool = False,
    sleeve: Colour | None = None,
    wrist: tuple[float, float] | None = None,
) -> None:
    """Draw a large hand with its middle at a point, and the arm that it belongs to."""
    dyes = dyes_for(stage.palette)
    warm = mix(
        mix((222, 170, 134), stage.palette.light, 0.08),
        stage.palette.shade,
        0.3 if stage.palette.dark else 0.06,
    )
    dyes = replace(dyes, skin=warm)
    own = Canvas(stage.width, stage.height)
    if wrist is not None:
        cloth = sleeve or stage.palette.accent
        _forearm(own, (x, y), wrist, size, warm, cloth)
    draw_pictograph(Pen(own, x, y + size / 2, size, flip=flip), dyes, code, turn=turn)
    edged(stage, own, x)
    _ = pictograph, aspect_of


def _forearm(
    own: Canvas,
    hand_at: tuple[float, float],
    wrist: tuple[float, float],
    size: float,
    skin: Colour,
    cloth: Colour,
) -> None:
    (x, y), (end_x, end_y) = hand_at, wrist
    own.stroke([(x + (end_x - x) * 0.22, y + (end_y - y) * 0.22), (end_x, end_y)], size * 0.5, skin)
    own.stroke([(x + (end_x - x) * 0.5, y + (end_y - y) * 0.5), (end_x, end_y)], size * 0.68, cloth)
    own.stroke(
        [
            (x + (end_x - x) * 0.48, y + (end_y - y) * 0.48),
            (x + (end_x - x) * 0.56, y + (end_y - y) * 0.56),
        ],
        size * 0.74,
        lit(cloth, 0.07),
    )
