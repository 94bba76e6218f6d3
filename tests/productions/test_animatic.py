"""The animatic: a camera that moves as it was told, one world, and words that can be read."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from callsheet.drawing.animatic.camera import STILL, eased, windows
from callsheet.drawing.animatic.captions import burn
from callsheet.drawing.animatic.cards import card
from callsheet.drawing.animatic.cues import caption_cues
from callsheet.drawing.animatic.planes import blend, filled, image_of, planes_of
from callsheet.drawing.animatic.shot import ShotDrawing, StillMove
from callsheet.planning.briefs import read_brief
from callsheet.planning.rules import plan_by_rules
from callsheet.ports.film import FilmPlan, FilmShot, Line, Move

SIZE = (320, 180)
KEEPER = plan_by_rules(
    read_brief("24 seconds: a lighthouse keeper finds a bottle by the sea; warm")
)
LEAST = 1 / 1.16


def moved(plan: FilmPlan, shot: FilmShot, move: Move) -> FilmPlan:
    """Give a shot another move."""
    scene = plan.scene_of(shot.id)
    other = shot.model_copy(update={"move": move})
    shots = tuple(other if each.id == shot.id else each for each in scene.shots)
    scenes = tuple(
        each.model_copy(update={"shots": shots}) if each is scene else each for each in plan.scenes
    )
    return plan.model_copy(update={"scenes": scenes})


def test_every_frame_is_the_same_in_any_order() -> None:
    """Whoever draws it, whatever was drawn before."""
    shot = KEEPER.shots[1]
    forward, backward = ShotDrawing(KEEPER, shot.id, SIZE), ShotDrawing(KEEPER, shot.id, SIZE)
    first = {at: forward.frame(at) for at in (0, 20, 40)}
    for at in (40, 0, 20):
        again = backward.frame(at)
        assert np.array_equal(again.y, first[at].y)
        assert np.array_equal(again.v, first[at].v)


@pytest.mark.parametrize("move", [each for each in Move if each is not Move.STATIC])
def test_every_move_moves_and_rests_at_its_ends(move: Move) -> None:
    """Eased, still for six frames at both ends but for a hand, and never out of the drawing."""
    shot = KEEPER.shots[0].model_copy(update={"move": move})
    seen = [windows(shot, at, LEAST) for at in range(shot.frames)]
    boxes = [near.box((1_000, 500), LEAST) for near, _ in seen]
    assert len({*boxes}) > shot.frames // 2
    assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= 1_000 and b[3] <= 500 for b in boxes)
    zooms = [near.share / LEAST for near, _ in seen]
    assert max(zooms) / min(zooms) <= 1.121
    if move is Move.HANDHELD:
        steps = [abs(a[0] - b[0]) for a, b in pairwise(boxes)]
        assert max(boxes)[0] - min(boxes)[0] <= 1_000 * 0.0081
        assert max(steps) < 2
    else:
        assert len({*boxes[:STILL]}) == len({*boxes[-STILL:]}) == 1


def test_what_is_near_passes_what_is_far() -> None:
    """A truck parts the layers; a pan does not."""
    shot = KEEPER.shots[0].model_copy(update={"move": Move.TRUCK_RIGHT})
    last = shot.frames - 1
    travel = [windows(shot, last, LEAST)[n].x - windows(shot, 0, LEAST)[n].x for n in (0, 1)]
    assert travel[0] > 2 * travel[1] > 0
    assert eased(0, 100) == 0
    assert eased(99, 100) == 1


def test_a_pan_shifts_the_picture() -> None:
    """Measured in the picture itself: what was seen at the right is seen further left."""
    shot = KEEPER.shots[0]
    drawing = ShotDrawing(moved(KEEPER, shot, Move.PAN_RIGHT), shot.id, SIZE)
    first, last = (drawing.frame(at).y.astype(float) for at in (0, shot.frames - 1))

    def apart(shift: int) -> float:
        return float(np.abs(first[:, shift:] - last[:, : SIZE[0] - shift]).mean())

    best = min(range(60), key=apart)
    assert 20 < best < 50


def test_one_film_has_one_world() -> None:
    """What somebody wears has the bible's colour wherever they are seen."""
    plan = plan_by_rules(read_brief("24 seconds: a woman runs through a city street with a dog"))
    entry = plan.bible[0]
    red, green, blue = (int(entry.palette[0][at : at + 2], 16) for at in (1, 3, 5))
    wanted = np.array([red, green, blue], float)
    wanted /= np.linalg.norm(wanted)
    for shot in plan.shots[:2]:
        rgb = np.asarray(image_of(ShotDrawing(plan, shot.id, SIZE).frame(0)), float)
        unit = rgb / (np.linalg.norm(rgb, axis=2, keepdims=True) + 1e-6)
        assert ((unit @ wanted) > 0.98).mean() > 0.008, shot.id


def test_stills_fill_the_frame_and_move() -> None:
    """A square picture in a wide frame has no bars."""
    picture = Image.new("RGB", (400, 400), (200, 40, 40))
    shot = KEEPER.shots[0].model_copy(update={"move": Move.PAN_LEFT})
    planes = StillMove(picture, shot, SIZE).frame(shot.frames - 1)
    assert planes.size == SIZE
    assert np.asarray(image_of(planes))[:, :, 0].min() > 190


def test_planes_keep_colours() -> None:
    """There and back within two of 255; half and half is between."""
    picture = Image.new("RGB", (64, 32), (180, 90, 30))
    planes = planes_of(picture)
    assert np.abs(np.asarray(image_of(planes), int) - np.array([180, 90, 30])).max() <= 2
    assert 55 < int(blend(filled((64, 32)), planes, 0.5).y[0, 0]) < 67


@pytest.mark.parametrize(
    ("text", "language", "most"),
    [
        ("A lighthouse keeper finds a message in a bottle that the sea has carried.", "en", 42),
        ("灯台守が海辺で瓶の中の手紙を見つける。そして彼は静かに微笑む。", "ja", 16),
        ("守塔人在海边发现了一个装着信的瓶子然后他慢慢地打开它。", "zh", 16),
        ("امرأة تقرأ رسالة قديمة بجانب النافذة ثم تبتسم وتنظر إلى البحر", "ar", 42),
        ("x" * 100, "en", 42),
    ],
)
def test_captions_fit(text: str, language: str, most: int) -> None:
    """Two lines at most, none too long, every letter of the text, one after the other."""
    line = Line(text=text, language=language, frames=96)
    shot = KEEPER.shots[0].model_copy(update={"lines": (line,), "frames": 200})
    scene = KEEPER.scenes[0].model_copy(update={"shots": (shot,)})
    plan = KEEPER.model_copy(update={"scenes": (scene,), "language": language})
    cues = caption_cues(plan)
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= most for cue in cues)
    assert "".join("".join(cue.lines) for cue in cues).replace(" ", "") == text.replace(" ", "")
    assert all(a.start + a.frames <= b.start for a, b in pairwise(cues))
    burnt = burn(filled((640, 360), y=90), cues[0])
    bright = np.argwhere(burnt.y > 200)
    assert len(bright) > 200
    assert bright[:, 0].max() < 360 * 0.95
    assert bright[:, 1].min() > 640 * 0.02


def test_cards_fade() -> None:
    """From black to words and back."""
    levels = [int(card("The Bottle", "", SIZE, at, 48, 24).y.max()) for at in (0, 24, 47)]
    assert levels[0] < levels[1] > levels[2]
    assert levels[1] > 200
