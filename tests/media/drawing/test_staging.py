"""Staged frames: whole at any input, the same again, near their golden pictures."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tests.media.drawing.pictures import difference, frame, opened, share_near, spec

from callsheet.drawing.frame import draw_frame
from callsheet.drawing.pictographs.lexicon import code_for, words_of
from callsheet.drawing.pictographs.pack import LANGUAGES
from callsheet.drawing.pictographs.shapes import pictograph
from callsheet.drawing.pictographs.svg import pieces_of
from callsheet.drawing.staging.acting import pose_named
from callsheet.drawing.staging.poses import POSES
from callsheet.drawing.story import understand
from callsheet.drawing.words import table_of

GOLDEN = Path(__file__).parent / "golden"
GOLDENS = {
    "raincoat": "A dog in a yellow raincoat jumps over a puddle in front of a bakery, morning rain",
    "chess": "Two robots play chess on the moon, Earth rising behind them",
    "contract": "Die Chefin unterschreibt den Vertrag, Nahaufnahme der Hand mit Füller",
    "card": "Quantum entanglement",
}
ODD = {
    "long": "A dog runs. " * 1_700,
    "word": "dog",
    "url": "https://example.com/watch?v=dQw4w9WgXcQ&t=12",
    "code": "for (let i = 0; i < 10; i++) { draw(frame[i]); } // TODO",
    "emoji": "🦁👑🎬",
    "amharic": "ውሻ በዝናብ ውስጥ ይሮጣል",
    "contradiction": "A close-up extreme wide shot of a sleeping man who runs, night at noon",
    "sixty": ", ".join(f"{n} lions, {n} chairs, {n} candles" for n in range(2, 22)),
    "surrogate": "\ud83e a nurse runs \udd81",
    "marks": "!?…—()[]{}",
}


@pytest.mark.parametrize("name", GOLDENS)
def test_frame_is_near_its_golden_picture(name: str) -> None:
    """A change that is seen has to be looked at; a shade that differs passes."""
    drawn = frame(spec(GOLDENS[name], 480, 270, variants=1)).resize((160, 90))
    with Image.open(GOLDEN / f"{name}.png") as golden:
        assert difference(drawn, golden.convert("RGB")) < 4


@pytest.mark.parametrize("prompt", ODD.values(), ids=ODD)
def test_odd_descriptions_are_drawn(prompt: str) -> None:
    """Whatever is written gives a frame of its size."""
    assert frame(spec(prompt, 320, 320)).size == (320, 320)


def test_same_story_has_the_same_bytes() -> None:
    """A frame follows from what it is given alone."""
    shot = spec(GOLDENS["raincoat"], 400, 300)
    assert draw_frame(shot, []) == draw_frame(shot, [])


def test_caller_may_tell_another_story() -> None:
    """What a caller understands is drawn in place of what the words are read to say."""
    shot = spec("something nobody knows", 400, 300)
    told = understand("a yellow taxi and a red balloon in a street at noon")
    assert draw_frame(shot, [], told) == draw_frame(shot, [], told)
    assert difference(opened(draw_frame(shot, [])), opened(draw_frame(shot, [], told))) > 5


def test_named_colour_is_worn() -> None:
    """A raincoat is as yellow, or as blue, as it is said to be."""
    yellow, blue = (
        frame(spec(f"A woman in a {hue} raincoat walks in a classroom", 480, 480))
        for hue in ("yellow", "blue")
    )
    assert share_near(yellow, (220, 188, 70), 46) > share_near(blue, (220, 188, 70), 46) + 0.01


def test_count_is_drawn() -> None:
    """Three of a kind cover more of the frame than one."""
    one, three = (
        frame(spec(f"{n} in a desert", 480, 270)) for n in ("A penguin", "Three penguins")
    )
    assert difference(one, three) > 2


def test_every_pose_a_verb_or_role_asks_for_exists() -> None:
    """No verb falls back to standing by a slip of the pen."""
    for name, entry in table_of("actions").items():
        if not {"face", "hat"} & set(entry) or "pose" in entry:
            pose = entry.get("pose", name)
            assert pose == "stand" or pose_named(pose) is not POSES["stand"], name
    for name, entry in table_of("roles").items():
        assert entry.get("pose", "stand") in POSES, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_annotations_name_pictures_that_exist(language: str) -> None:
    """Each language has its words, and what they name can be drawn."""
    words = words_of(language)
    assert len(words) > 400
    for code in sorted(set(words.values()))[::40]:
        assert pictograph(code).pieces


@pytest.mark.parametrize(
    ("word", "language", "code"),
    [
        ("lions", "en", "1f981"), ("elefant", "de", "1f418"), ("perros", "es", "1f415"),
        ("aguja de coser", "es", "1faa1"), ("バケツ", "ja", "1faa3"), ("企鹅", "zh", "1f427"),
        ("слона", "ru", "1f418"), ("the", "en", None), ("light", "en", None),
    ],
)  # fmt: skip
def test_words_name_emoji(word: str, language: str, code: str | None) -> None:
    """Plurals and cases are found, small and ambiguous words are not."""
    assert code_for(word, language) == code


def test_svg_paths_keep_their_holes_and_arcs() -> None:
    """A ring is one outline with a hole; an arc ends where it should."""
    ring, arc = pieces_of(
        '<svg xmlns="http://www.w3.org/2000/svg"><path fill="#f00" d="M0 0h10v10H0z M3 3h4v4H3z"/>'
        '<path fill="#00f" d="M0 5a5 5 0 0110 0z"/></svg>'
    )
    assert ring.colour == (255, 0, 0)
    assert len(ring.points) > 8
    assert min(y for _, y in arc.points) == pytest.approx(0, abs=0.1)


def test_story_can_be_changed_word_for_word() -> None:
    """It is plain data."""
    story = understand("A nurse runs")
    changed = replace(story, people=(replace(story.people[0], pose="sit"),))
    shot = spec("A nurse runs", 320, 256)
    assert draw_frame(shot, [], changed) != draw_frame(shot, [])
