"""Lettering: every script, the box for what no face has, fitting, cutting, direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.media.drawing.pictures import GROUND, INK, difference, inked

from callsheet.drawing import typesetting
from callsheet.drawing.clusters import glyphs_of
from callsheet.drawing.faces import (
    INTER,
    JAPANESE,
    KOREAN,
    SIMPLIFIED,
    TRADITIONAL,
    coverage,
    faces_for,
    load,
)
from callsheet.drawing.lines import reads_leftward, runs_of
from callsheet.drawing.typesetting import Block, draw_text, set_text

SCRIPTS = {
    "latin": "The keeper finds a message — naïve, Łódź, Çağrı, tiếng Việt",  # noqa: RUF001 - this script is meant
    "cyrillic": "Смотритель маяка находит письмо в бутылке",
    "greek": "Ο φαροφύλακας βρίσκει ένα μήνυμα",  # noqa: RUF001 - this script is meant
    "japanese": "灯台守が瓶の中の手紙を見つける。カフェ",
    "simplified": "灯塔看守人在瓶子里发现了一封信",
    "traditional": "這個燈塔看守人發現了一封信",
    "korean": "등대지기가 병 속의 편지를 발견한다",
    "arabic": "حارس المنارة يجد رسالة في زجاجة",
    "hebrew": "שומר המגדלור מוצא מכתב בבקבוק",
    "devanagari": "प्रकाशस्तंभ के रक्षक को बोतल में संदेश मिलता है",
    "bengali": "বাতিঘরের রক্ষক একটি বার্তা খুঁজে পায়",
    "tamil": "கலங்கரை விளக்கம்",
    "telugu": "దీపస్తంభం సంరక్షకుడు",
    "thai": "ผู้ดูแลประภาคารพบข้อความในขวด",
    "lao": "ຜູ້ດູແລປະພາຄານ",
    "khmer": "អ្នកថែរក្សាប៉មភ្លើង",
    "burmese": "မီးပြတိုက်စောင့်",
    "amharic": "የመብራት ቤት ጠባቂ",
    "emoji": "🎉👩🏽‍🚀🏳️‍🌈🇩🇪1️⃣❤️⚡",
    "symbols": "→ ∑ ≤ ★ ♞ ₽ € №",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_every_script_has_its_glyphs(text: str) -> None:
    """No character of the scripts that we promise falls to the labelled box."""
    assert [glyph.text for glyph in glyphs_of(text, 500) if glyph.missing] == []


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_every_script_covers_pixels(text: str) -> None:
    """Text leaves ink in proportion to its length, within its box."""
    block = set_text(text, 500, 90, largest=28, smallest=12)
    picture = _drawn(block, (520, 120))
    assert inked(picture) > 25 * len(glyphs_of(text, 500))
    assert block.width <= 500


@pytest.mark.parametrize("text", [SCRIPTS[name] for name in SCRIPTS if name != "emoji"])
def test_no_run_holds_the_box_of_a_missing_glyph(text: str) -> None:
    """What a run draws differs from the same run with one unknown character in it."""
    for run in runs_of(glyphs_of(text, 500), leftward=reads_leftward(glyphs_of(text, 500))):
        face = run.glyphs[0].face
        assert face is not None
        assert all(ord(char) in coverage(face) or char in "\u200c\u200d" for char in run.text)


def test_coverage_agrees_with_what_is_drawn() -> None:
    """Our reading of the font table says "missing" exactly where Pillow draws the missing glyph."""
    face = INTER
    font = load(face, 40)
    box = font.getmask("\U0010ffff").getbbox(), bytes(font.getmask("\U0010ffff"))
    for code in (0x41, 0xE9, 0x416, 0x3A9, 0x2192, 0x5D0, 0x0E01, 0x6C34, 0x10D0):
        mask = font.getmask(chr(code))
        assert (code in coverage(face)) == ((mask.getbbox(), bytes(mask)) != box)


@pytest.mark.parametrize("char", ["\u10d0", "\U000e0fff", "\u0378", "\ud800", "\u0c95"])
def test_character_without_a_glyph_gets_a_box_with_its_number(char: str) -> None:
    """Unknown characters are named by code point, and different ones look different."""
    glyphs = glyphs_of(char, 10)
    assert [glyph.missing for glyph in glyphs] == [True]
    picture = _drawn(set_text(char, 200, 80, largest=60, smallest=60), (220, 100))
    other = _drawn(set_text("\u10d1", 200, 80, largest=60, smallest=60), (220, 100))
    assert inked(picture) > 300
    assert difference(picture, other) > 0.1


def test_long_text_shrinks_before_it_is_cut() -> None:
    """Text fits by size as long as it can, then ends with an ellipsis."""
    short = set_text("A few words", 400, 120, largest=30, smallest=12)
    longer = set_text("A few words " * 12, 400, 120, largest=30, smallest=12)
    endless = set_text("A few words " * 400, 400, 120, largest=30, smallest=12)
    assert (short.size, short.cut) == (30, False)
    assert 12 <= longer.size < 30
    assert not longer.cut
    assert (endless.size, endless.cut) == (12, True)
    assert endless.lines[-1].glyphs[-1].text == "…"
    assert endless.height <= 125


def test_long_word_is_broken_not_lost() -> None:
    """A word wider than the box goes on in the next line."""
    block = set_text("w" * 60, 200, 400, largest=20, smallest=20)
    assert len(block.lines) > 1
    assert sum(len(line.glyphs) for line in block.lines) == 60


def test_lines_keep_within_the_box_when_drawn() -> None:
    """Measured in proportion, drawn with hinting: still no ink beyond the right edge."""
    for text in SCRIPTS.values():
        block = set_text(f"{text} " * 4, 300, 200, largest=17, smallest=11)
        picture = _drawn(block, (420, 260), box_width=300)
        assert inked(picture.crop((316, 0, 420, 260))) == 0, text


def test_right_to_left_text_is_set_to_the_right() -> None:
    """Arabic and Hebrew begin at the right edge; Latin at the left."""
    for text, first in (("مرحبا", 150), ("שלום", 150), ("hello", 0)):
        block = set_text(text, 300, 40, largest=20, smallest=20)
        box = _drawn(block, (320, 60), box_width=300).getbbox()
        assert box is not None
        assert box[0] >= first


def test_runs_of_mixed_directions_are_ordered_for_the_eye() -> None:
    """In a leftward line the Latin word stands left of the Arabic that comes before it."""
    glyphs = glyphs_of("كوب Launch 2026 جديد", 100)
    runs = runs_of(glyphs, leftward=reads_leftward(glyphs))
    words = [run.text.strip() for run in runs if run.text.strip()]
    assert words == ["جديد", "Launch 2026", "كوب"]
    assert [run.rightward for run in runs if run.text.strip()] == [False, True, False]


def test_numbers_in_right_to_left_text_keep_their_order() -> None:
    """Digits read left to right inside a leftward line."""
    glyphs = glyphs_of("מחיר 350 שקל", 100)
    runs = [run for run in runs_of(glyphs, leftward=True) if run.text.strip().isdigit()]
    assert [run.text.strip() for run in runs] == ["350"]
    assert runs[0].rightward


def test_han_characters_take_the_shapes_of_their_language() -> None:
    """Kana, hangul and traditional characters choose the face for the Han beside them."""
    cases = {"灯の光": JAPANESE, "등대 燈": KOREAN, "這個燈": TRADITIONAL, "灯塔": SIMPLIFIED}
    for text, face in cases.items():
        assert face in faces_for(text)


def test_emoji_sequences_are_one_picture_each() -> None:
    """Flags, families and skin tones are not taken apart."""
    glyphs = glyphs_of("👩🏽‍🚀🇩🇪👨‍👩‍👧1️⃣", 50)
    assert len(glyphs) == 4
    assert all(glyph.emoji for glyph in glyphs)


def test_emoji_are_drawn_in_colour() -> None:
    """A party popper has more colours than the ink."""
    picture = _drawn(set_text("🎉", 100, 60, largest=48, smallest=48), (100, 80))
    red, green, blue = (channel.tobytes() for channel in picture.split())
    assert any(abs(r - g) > 60 or abs(g - b) > 60 for r, g, b in zip(red, green, blue, strict=True))


def test_text_symbols_stay_text() -> None:
    """A heart without its colour mark, a copyright sign and an arrow take the ink's colour."""
    assert [glyph.emoji for glyph in glyphs_of("❤©→", 10)] == [None, None, None]
    assert glyphs_of("❤\ufe0f", 10)[0].emoji


def test_direction_marks_and_controls_are_taken_out() -> None:
    """Untrusted text cannot steer the layout."""
    text = "".join(glyph.text for glyph in glyphs_of("a\u202e\u2066b\0\x1b\u200bc\n\t d", 50))
    assert text == "abc d"


def test_piles_of_marks_are_bounded() -> None:
    """Hundreds of combining marks on one letter become a few."""
    (glyph,) = glyphs_of("z" + "\u0334\u0317\u0321" * 200, 1_000)
    assert len(glyph.text) < 12


@given(st.text(st.characters(max_codepoint=0x7F), max_size=80))
def test_plain_text_is_read_like_any_other(text: str) -> None:
    """The short way for ASCII finds what the long way finds."""
    assert glyphs_of(f"x{text}x", 99) == glyphs_of(f"x{text}xé", 99)[:-1]


def test_small_letters_lie_where_a_line_of_them_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters set one by one look like a line that is shaped at once, but for its kerning."""
    words = "finds a message in a bottle, 42 times"
    block = set_text(words, 400, 30, largest=10, smallest=10, most_lines=1)
    stamped = _drawn(block, (240, 30))
    monkeypatch.setattr(typesetting, "_STAMPED", 0)
    shaped = _drawn(block, (240, 30))
    assert difference(stamped, shaped) > 0  # two ways
    assert abs(inked(stamped) - inked(shaped)) < 0.05 * inked(shaped)
    boxes = [each.getbbox() for each in (stamped, shaped)]  # the ground is black
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert all(abs(a - b) <= 4 for a, b in zip(*boxes, strict=True))


def _drawn(block: Block, size: tuple[int, int], box_width: float | None = None) -> Image.Image:
    picture = Image.new("RGB", size, GROUND)
    draw_text(picture, (10, 10), block, INK, box_width=box_width)
    return picture
