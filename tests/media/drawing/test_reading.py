"""What is recognised in prompts, in the languages of our sheets."""

import pytest

from callsheet.drawing.reading import read_prompt

CLOSE_MUGS = {
    "en": "Close-up of a mug on a table in the morning",
    "es": "Primer plano de una taza sobre una mesa por la mañana",
    "fr": "Gros plan d'une tasse sur une table, le matin",
    "de": "Nahaufnahme einer Tasse auf dem Tisch am Morgen",
    "ru": "Крупный план кружки на столе, утро",
    "ja": "テーブルの上のマグカップ、クローズアップ、朝",
    "zh": "特写，桌上的杯子，清晨",  # noqa: RUF001 - this script is meant
    "ar": "لقطة قريبة لكوب على طاولة في الصباح",
    "hi": "मेज पर मग, क्लोज़-अप, सुबह",
    "ko": "테이블 위의 머그, 클로즈업, 아침",
    "he": "תקריב של ספל על שולחן בבוקר",
    "th": "แก้วบนโต๊ะ ภาพระยะใกล้ ยามเช้า",
}


@pytest.mark.parametrize("prompt", CLOSE_MUGS.values(), ids=CLOSE_MUGS.keys())
def test_same_shot_is_read_in_every_language(prompt: str) -> None:
    """A close-up of a mug in the morning is one in all of them."""
    reading = read_prompt(prompt)
    assert reading.size == "close"
    assert "mug" in [thing.name for thing in reading.things]


@pytest.mark.parametrize(
    "language", ["en", "es", "fr", "de", "ru", "ja", "zh", "ar", "hi", "ko", "th"]
)
def test_morning_is_read(language: str) -> None:
    """The hour is read, whatever its ending or article."""
    assert read_prompt(CLOSE_MUGS[language]).time == "dawn"


@pytest.mark.parametrize(
    ("prompt", "size", "angle"),
    [
        ("extreme close-up of an eye", "extreme_close", ""),
        ("extreme wide shot", "extreme_wide", ""),
        ("over-the-shoulder, medium", "over_shoulder", ""),
        ("aerial drone shot of a coast", "", "aerial"),
        ("flat lay, top-down", "", "overhead"),
        ("plano medio, contrapicado", "medium", "low"),
        ("плавный общий план", "full", ""),
        ("俯瞰ショット", "", "overhead"),
    ],
)
def test_most_exact_shot_wins(prompt: str, size: str, angle: str) -> None:
    """Longer wordings beat the shorter ones they contain."""
    reading = read_prompt(prompt)
    assert (reading.size, reading.angle) == (size, angle)


@pytest.mark.parametrize(
    ("prompt", "never"),
    [
        ("shallow depth of field", "field"),
        ("a vague idea", "sea"),
        ("реклама часто", "water"),
        ("the camera moves on", "camera"),
        ("he can see it all", "jar"),
    ],
)
def test_words_inside_others_are_not_misread(prompt: str, never: str) -> None:
    """Set phrases and look-alikes of other languages give no false place or thing."""
    reading = read_prompt(prompt)
    assert never != reading.setting
    assert never not in [thing.name for thing in reading.things]


def test_colours_come_in_the_order_they_are_named() -> None:
    """The first colour is the subject's, the last the accent's."""
    red, navy = read_prompt("a red bicycle on a navy wall").colours
    assert red[0] > red[2]
    assert navy[2] > navy[0]


def test_nonsense_is_read_as_nothing() -> None:
    """Unknown words leave every choice open."""
    reading = read_prompt("qwerty zxcv 12345 !!!")
    assert (reading.size, reading.setting, reading.time, reading.things) == ("", "", "", ())
