"""A flat figure with joints: drawn in any pose, looking to the right of its own space."""

import math
from dataclasses import dataclass

from callsheet.drawing.canvas import Pen, Point
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.staging.heads import draw_head
from callsheet.drawing.staging.look import Look
from callsheet.drawing.staging.poses import Limb, Pose

_ARM, _FOREARM, _THIGH, _SHIN, _TRUNK = 0.165, 0.155, 0.235, 0.235, 0.33
_ANKLE = 0.026
_WIDE_SHOULDERS = 0.085
_SLEEVED = 0.021


@dataclass(frozen=True, slots=True)
class Joints:
    """Where things are that others refer to, in the figure's own units."""

    near_hand: Point
    far_hand: Point
    head: Point
    hips: Point
    radius: float
    top: float


def _limb(start: Point, lengths: tuple[float, float], angles: Limb) -> tuple[Point, Point]:
    upper, lower = math.radians(angles[0]), math.radians(angles[1])
    middle = start[0] + lengths[0] * math.sin(upper), start[1] - lengths[0] * math.cos(upper)
    return middle, (
        middle[0] + lengths[1] * math.sin(lower),
        middle[1] - lengths[1] * math.cos(lower),
    )


def _drop(angles: Limb) -> float:
    return _THIGH * math.cos(math.radians(angles[0])) + _SHIN * math.cos(math.radians(angles[1]))


def figure_joints(pose: Pose) -> tuple[Point, Point]:
    """Find hips and neck of a pose."""
    hips = pose.low or max(0.1, _drop(pose.near_leg), _drop(pose.far_leg)) + _ANKLE
    if pose.lift:
        hips = 0.5 + pose.lift
    lean = math.radians(pose.lean)
    return (0.0, hips), (_TRUNK * math.sin(lean), hips + _TRUNK * math.cos(lean))


def draw_figure(pen: Pen, look: Look, pose: Pose) -> Joints:
    """Draw somebody from the back arm to the front one; answers where hands and head are."""
    own = Pen(pen.canvas, pen.x, pen.y, pen.height * look.stature, pen.flip)
    if pose.lying:
        return _lying(own, look)
    hips, neck = figure_joints(pose)
    shoulder = neck[0], neck[1] - 0.035
    far_shoulder, near_shoulder = (
        (shoulder[0] + 0.05, shoulder[1]),
        (shoulder[0] - 0.055, shoulder[1]),
    )
    far_elbow, far_hand = _limb(far_shoulder, (_ARM, _FOREARM), pose.far_arm)
    near_elbow, near_hand = _limb(near_shoulder, (_ARM, _FOREARM), pose.near_arm)
    radius = 0.064 * look.head
    tilt = math.radians(pose.lean * 0.6 + pose.nod)
    head = (
        neck[0] + (0.025 + radius) * math.sin(tilt),
        neck[1] + (0.025 + radius) * math.cos(tilt),
    )
    far = lit(look.top, -0.09)
    _arm(own, look, (far_shoulder, far_elbow, far_hand), far)
    _legs(own, look, pose, hips)
    _trunk(own, look, hips, neck)
    draw_head(own, look, neck, head, radius)
    if pose.in_front:
        _arm(own, look, (far_shoulder, far_elbow, far_hand), lit(look.top, -0.045))
    _arm(own, look, (near_shoulder, near_elbow, near_hand), lit(look.top, 0.02))
    return Joints(
        _scaled(near_hand, look), _scaled(far_hand, look), _scaled(head, look),
        _scaled(hips, look), radius * look.stature, (head[1] + radius) * look.stature,
    )  # fmt: skip


def _scaled(point: Point, look: Look) -> Point:
    return point[0] * look.stature, point[1] * look.stature


def _arm(pen: Pen, look: Look, joints: tuple[Point, Point, Point], sleeve: Colour) -> None:
    shoulder, elbow, hand = joints
    bare = look.garment == "sleeveless"
    colour = look.skin if bare else sleeve
    pen.ellipse(hand[0], hand[1], 0.024, 0.026, look.skin if not look.metal else look.top)
    tube(pen, elbow, hand, (0.026, 0.019), colour)
    tube(pen, shoulder, elbow, (0.036, 0.027), colour)
    if bare:
        pen.ellipse(shoulder[0], shoulder[1], 0.036, 0.034, sleeve)
    pen.ellipse(elbow[0], elbow[1], 0.026, 0.026, colour)
    if look.stripe is not None:
        part = 0.7
        x, y = elbow[0] + (hand[0] - elbow[0]) * part, elbow[1] + (hand[1] - elbow[1]) * part
        pen.ellipse(x, y, _SLEEVED, _SLEEVED, look.stripe)


def tube(pen: Pen, start: Point, end: Point, widths: tuple[float, float], colour: Colour) -> None:
    """Draw a limb: thick at one end, thinner at the other, round at both."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy) or 1.0
    x, y = -dy / length, dx / length
    first, last = widths
    pen.polygon(
        (
            (start[0] + x * first, start[1] + y * first), (end[0] + x * last, end[1] + y * last),
            (end[0] - x * last, end[1] - y * last), (start[0] - x * first, start[1] - y * first),
        ),
        colour,
    )  # fmt: skip
    pen.ellipse(start[0], start[1], first, first, colour)
    pen.ellipse(end[0], end[1], last, last, colour)


def _legs(pen: Pen, look: Look, pose: Pose, hips: Point) -> None:
    wide = {"wide": (0.058, 0.05, 0.062)}.get(look.legwear, (0.056, 0.036, 0.028))
    for angles, shift, colour in (
        (pose.far_leg, 0.028, lit(look.bottom, -0.06)),
        (pose.near_leg, -0.028, look.bottom),
    ):
        top = hips[0] + shift, hips[1]
        knee, ankle = _limb(top, (_THIGH, _SHIN), angles)
        turn = math.radians(angles[1])
        heel = ankle[0] - 0.012 * math.cos(turn), ankle[1] - 0.004
        toe = ankle[0] + 0.062 * math.cos(turn), ankle[1] + 0.062 * math.sin(turn) - 0.006
        tube(pen, heel, toe, (0.022, 0.017), look.shoes)
        bare = look.legwear in ("skirt", "shorts") or look.garment == "dress"
        shin = look.skin if bare else colour
        tube(pen, knee, ankle, (wide[1], wide[2]), shin)
        tube(pen, top, knee, (wide[0], wide[1]), colour)
    if look.legwear == "skirt" or look.garment in ("dress", "robe", "coat"):
        _skirt(pen, look, pose, hips)


def _skirt(pen: Pen, look: Look, pose: Pose, hips: Point) -> None:
    colour = look.bottom if look.legwear == "skirt" and look.garment == "shirt" else look.top
    long = {"robe": 0.95, "dress": 0.62, "coat": 0.5}.get(look.garment, 0.55)
    knees = []
    for angles, shift in ((pose.near_leg, -0.04), (pose.far_leg, 0.04)):
        knee, ankle = _limb((hips[0] + shift, hips[1]), (_THIGH, _SHIN), angles)
        part = long / 0.5 if long <= 0.5 else 1.0  # noqa: PLR2004 - the thigh is half the leg
        x = hips[0] + shift + (knee[0] - hips[0] - shift) * part
        y = hips[1] + (knee[1] - hips[1]) * part
        if long > 0.5:  # noqa: PLR2004
            below = (long - 0.5) / 0.5
            x, y = knee[0] + (ankle[0] - knee[0]) * below, knee[1] + (ankle[1] - knee[1]) * below
        knees.append((x, y))
    left, right = min(knees), max(knees)
    pen.polygon(
        (
            (hips[0] - 0.075, hips[1] + 0.04), (hips[0] + 0.075, hips[1] + 0.04),
            (right[0] + 0.062, right[1]), ((left[0] + right[0]) / 2, min(left[1], right[1]) - 0.01),
            (left[0] - 0.062, left[1]),
        ),
        lit(colour, -0.02),
    )  # fmt: skip


def _trunk(pen: Pen, look: Look, hips: Point, neck: Point) -> None:
    half = _WIDE_SHOULDERS
    dx, dy = neck[0] - hips[0], neck[1] - hips[1]
    length = math.hypot(dx, dy) or 1.0
    along, across = (dx / length, dy / length), (dy / length, -dx / length)

    def at(side: float, up: float) -> Point:
        return (
            hips[0] + across[0] * side + along[0] * up * length,
            hips[1] + across[1] * side + along[1] * up * length,
        )

    outline = [at(-0.07, -0.1), at(-0.068, 0.3), at(-half, 0.78), at(-half * 0.86, 0.94),
               at(-0.03, 1.0), at(0.03, 1.0), at(half * 0.86, 0.94), at(half, 0.78),
               at(0.068, 0.3), at(0.07, -0.1)]  # fmt: skip
    pen.polygon(outline, look.top)
    shade = [at(0.02, -0.1), at(0.028, 0.4), at(0.036, 0.96), *outline[6:]]
    pen.polygon(shade, mix(look.top, look.shade, 0.24), 0.8)
    pen.polygon(
        (at(-0.068, -0.08), at(-0.05, -0.08), at(-0.06, 0.8), at(-half, 0.78)), look.light, 0.16
    )
    if look.garment in ("coat", "robe"):
        pen.line((at(0.012, -0.1), at(0.012, 0.95)), 0.006, lit(look.top, -0.12))
    elif not look.metal:
        pen.polygon((at(-0.03, 1.0), at(0.034, 1.0), at(0.004, 0.86)), look.skin)
    if look.legwear != "skirt" and look.garment == "shirt":
        pen.polygon(
            (at(-0.07, -0.1), at(0.07, -0.1), at(0.07, -0.02), at(-0.07, -0.02)), look.bottom
        )
    if look.apron is not None:
        pen.polygon(
            (
                at(-0.04, 0.75),
                at(0.05, 0.75),
                at(0.068, 0.35),
                at(0.08, -0.45),
                at(-0.07, -0.45),
                at(-0.066, 0.35),
            ),
            look.apron,
        )
    if look.stripe is not None:
        pen.polygon((at(-0.07, 0.26), at(0.07, 0.26), at(0.07, 0.36), at(-0.07, 0.36)), look.stripe)
    if look.metal:
        pen.polygon(
            (at(-0.045, 0.4), at(0.045, 0.4), at(0.045, 0.8), at(-0.045, 0.8)), lit(look.top, 0.1)
        )
        for n, colour in enumerate(((220, 70, 60), (240, 200, 80), (90, 190, 230))):
            spot = at(-0.026 + n * 0.026, 0.62)
            pen.ellipse(spot[0], spot[1], 0.01, 0.01, colour)


def _lying(pen: Pen, look: Look) -> Joints:
    """Draw somebody lying on the back, the head to the left."""
    tube(pen, (0.02, 0.06), (0.5, 0.05), (0.05, 0.03), look.bottom)
    tube(pen, (0.46, 0.06), (0.5, 0.1), (0.026, 0.02), look.shoes)
    tube(pen, (-0.28, 0.075), (0.02, 0.07), (0.075, 0.06), look.top)
    tube(pen, (-0.24, 0.06), (-0.02, 0.035), (0.03, 0.02), lit(look.top, -0.05))
    pen.ellipse(0.0, 0.035, 0.024, 0.022, look.skin)
    pen.ellipse(-0.4, 0.09, 0.06, 0.058, look.skin)
    pen.blob(
        ((-0.46, 0.04), (-0.47, 0.1), (-0.44, 0.15), (-0.41, 0.148), (-0.43, 0.09)),
        look.hair_colour,
    )
    return Joints((0, 0.035), (0, 0.035), (-0.4, 0.09), (0, 0.07), 0.06, 0.15)
