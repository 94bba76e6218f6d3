"""Poses of a figure, as angles of its limbs.

Degrees from hanging straight down; positive is forward, towards where the figure looks.
"""

from dataclasses import dataclass

Limb = tuple[float, float]  # upper arm and forearm, or thigh and shin


@dataclass(frozen=True, slots=True)
class Pose:
    """How a figure holds itself; `lift` raises it off the ground, in its heights."""

    near_arm: Limb = (-5, 4)
    far_arm: Limb = (7, 14)
    near_leg: Limb = (-4, -4)
    far_leg: Limb = (5, 4)
    lean: float = 0
    nod: float = 0
    lift: float = 0
    low: float = 0  # height of the hips where the legs do not carry it
    lying: bool = False
    in_front: bool = False  # whether the far arm is drawn before the body as well


_SEATED: Limb = (84, 2)

POSES: dict[str, Pose] = {
    "stand": Pose(),
    "walk": Pose((-22, -8), (26, 40), (24, 14), (-22, -38)),
    "run": Pose((-48, 42), (52, 128), (66, -8), (-34, -98), lean=14),
    "jump": Pose((128, 150), (150, 165), (40, -60), (14, -84), lean=4, lift=0.16),
    "dance": Pose((142, 170), (62, 150), (-8, -12), (44, -34), lean=-7),
    "cheer": Pose((158, 172), (142, 176), (-6, -6), (8, 6)),
    "sit": Pose((24, 62), (30, 70), _SEATED, (78, -6)),
    "cross_legged": Pose((-30, 26), (36, -14), (-66, 84), (70, -82), low=0.1),
    "kneel": Pose((34, 62), (44, 72), (8, -86), (82, 2), lean=10),
    "crouch": Pose((40, 66), (52, 80), (96, -52), (84, -46), lean=22),
    "lie": Pose((-12, -4), (10, 14), lying=True),
    "reach": Pose((62, 84), (76, 92), (-10, -8), (14, 10), lean=7),
    "point": Pose((-6, 4), (88, 90), (-8, -6), (8, 8)),
    "hold": Pose((14, 84), (22, 92)),
    "give": Pose((58, 84), (64, 88), (-8, -6), (12, 8), lean=4),
    "take": Pose((56, 88), (70, 92), (-12, -8), (16, 12), lean=7),
    "hug": Pose((48, 92), (64, 100), lean=8, nod=6, in_front=True),
    "phone": Pose((-6, 6), (34, 164), in_front=True),
    "phone_pocket": Pose((-24, 34), (34, 164), in_front=True),
    "selfie": Pose((-10, 12), (52, 142), in_front=True),
    "sing": Pose((74, 112), (32, 146), (-12, -8), (12, 8), lean=-4, in_front=True),
    "speak": Pose((24, 84), (44, 108)),
    "lute": Pose((-26, 74), (58, 104), _SEATED, (78, -6), nod=8, in_front=True),
    "drums": Pose((22, 78), (34, 96), _SEATED, (78, -6)),
    "piano": Pose((30, 86), (38, 88), _SEATED, (78, -6)),
    "violin": Pose((30, 118), (70, 112), in_front=True),
    "write": Pose((34, 74), (40, 84), _SEATED, (78, -6), lean=12, nod=12),
    "read": Pose((22, 104), (30, 112), nod=10, in_front=True),
    "drink": Pose((-6, 8), (30, 146), in_front=True),
    "eat": Pose((14, 70), (30, 140), in_front=True),
    "work": Pose((36, 74), (46, 80), lean=14, nod=10),
    "knead": Pose((34, 56), (42, 62), lean=16, nod=12),
    "drill": Pose((30, 54), (40, 60), (-14, -12), (26, -4), lean=18, nod=12),
    "sweep": Pose((36, 40), (54, 70), (-12, -8), (16, 10), lean=10),
    "pull": Pose((66, 78), (72, 82), (30, 14), (-20, -22), lean=-14),
    "carry": Pose((30, 88), (34, 92), (14, 6), (-14, -22), lean=-4),
    "umbrella": Pose((-24, 10), (24, 132), (24, 14), (-22, -38), in_front=True),
    "umbrella_run": Pose((-48, 42), (28, 136), (66, -8), (-34, -98), lean=10, in_front=True),
    "pray": Pose((24, 128), (30, 134), nod=10, in_front=True),
    "worry": Pose((26, 150), (32, 156), nod=6, in_front=True),
    "drive": Pose((44, 78), (52, 84), (78, 40), (74, 36)),
    "ride": Pose((52, 66), (58, 70), (62, 4), (40, -14), lean=22),
    "chess": Pose((30, 68), (58, 84), _SEATED, (78, -6), lean=12, nod=8),
    "swim": Pose((150, 170), (40, 120), (16, -20), (-14, -40), lying=True),
    "photograph": Pose((34, 138), (42, 144), in_front=True),
    "thank": Pose((24, 120), (34, 128), in_front=True),
}
