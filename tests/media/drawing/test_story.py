"""What is understood of short descriptions: who, doing what, with what, where."""

import pytest

from callsheet.drawing.staging.directing import way_of
from callsheet.drawing.story import Story, understand

# A description; roles with poses in order; things; the place. Empty where nothing is expected.
SHOTS = (
    ("The singer's last song, worried fans", "singer:sing crowd:stand", "", ""),
    ("A nurse laughs on the phone outside the hospital", "nurse:phone", "", "hospital"),
    ("A firefighter runs down the hallway", "firefighter:run", "", "hallway"),
    ("Two children dance in a classroom", "grandson:dance grandson:dance", "", "classroom"),
    ("The drummer sits cross-legged in the empty hall", "drummer:cross_legged", "", "hall"),
    ("Two robots play chess on the moon", "robot:chess robot:chess", "", "moon"),
    ("An old man reads a newspaper in the park", "grandfather:read", "newspaper", "field"),
    ("A chef cuts tomatoes in the kitchen", "chef:cut", "tomatoes", "kitchen"),
    ("A woman hugs a child on the pier", "woman:hug grandson:hug", "", "pier"),
    ("A guitarist on a stage", "guitarist:lute", "", "stage"),
    ("Fishermen mend nets on a wooden pier", "fisher:sew fisher:sew fisher:sew", "net", "pier"),
    ("A man kneels on the beach", "man:kneel", "", "sea"),
    ("A teacher points at a globe", "teacher:point", "", ""),
    ("A lion wearing a crown in a cinema", "", "lion", "cinema"),
    ("A dog jumps over a puddle", "", "dog puddle", ""),
    ("Two penguins and a whale", "", "penguins whale", ""),
    ("A tiger walks through a desert", "", "tiger", "desert"),
    ("A slice of pizza and a bottle of wine", "", "pizza bottle", ""),
    ("Pour the batter into the pan", "", "batter pan", ""),
    ("Unscrew the two bolts under the sink", "", "bolt sink", ""),
    ("A bar chart about sales", "", "chart", ""),
    ("An orange tent on the ice", "", "tent", "ice"),
    ("Una bombera abraza a un niño", "firefighter:hug grandson:hug", "", ""),
    ("Un cocinero corta un tomate en la cocina", "chef:cut", "tomate", "kitchen"),
    ("La enfermera habla por teléfono en el pasillo", "nurse:phone", "", "hallway"),
    ("Un perro salta sobre un charco", "", "perro puddle", ""),
    ("Dos robots bailan en la plaza", "robot:dance robot:dance", "", "square"),
    ("Un león en el desierto", "", "leon", "desert"),
    ("Un enfant court avec un ballon rouge", "grandson:run", "balloon", ""),
    ("La chanteuse danse sur la jetée", "singer:dance", "", "pier"),
    ("Un pompier court dans le couloir", "firefighter:run", "", "hallway"),
    ("Une tente sur la glace", "", "tent", "ice"),
    ("Un éléphant dans la forêt", "", "elephant", "forest"),
    ("Ein Koch schneidet Tomaten in der Küche", "chef:cut", "tomaten", "kitchen"),
    ("Die Chefin unterschreibt den Vertrag", "boss:write", "contract", ""),
    ("Ein Feuerwehrmann rennt durch den Flur", "firefighter:run", "", "hallway"),
    ("Zwei Roboter tanzen auf dem Mond", "robot:dance robot:dance", "", "moon"),
    ("Ein Elefant im Wald", "", "elefant", "forest"),
    ("Девочка прыгает через лужу", "granddaughter:jump", "puddle", ""),
    ("Пожарный бежит по коридору", "firefighter:run", "", "hallway"),
    ("Рыбак сидит на причале", "fisher:sit", "", "pier"),
    ("Слон в пустыне", "", "слон", "desert"),
    ("Врач говорит по телефону", "doctor:phone", "", ""),
    ("雨の商店街を傘をさして走る高校生", "student:umbrella_run", "", "city"),
    ("ライオンが砂漠を歩く", "", "ライオン", "desert"),
    ("看護師が電話で笑う", "nurse:phone", "", ""),
    ("少女が教室で踊る", "granddaughter:dance", "", "classroom"),
    ("年轻女生在女装店对镜自拍", "woman:selfie", "", "shop"),
    ("亚洲男模特右手打电话", "model:phone", "", ""),
    ("两只企鹅在冰川上", "", "企鹅", "ice"),
    ("消防员在走廊奔跑", "firefighter:run", "", "hallway"),
    ("عازف عود يعزف في ساحة قديمة", "lutenist:lute", "", "square"),
    ("طفل يركض في الصحراء", "grandson:run", "", "desert"),
    ("امرأة ترقص على الرصيف", "woman:dance", "", "pier"),
    ("한 소녀가 숲에서 춤춘다", "granddaughter:dance", "", "forest"),
    ("소방관이 복도에서 달린다", "firefighter:run", "", "hallway"),
    ("लड़की जंगल में नाचती है", "granddaughter:dance", "", "forest"),
    ("डॉक्टर अस्पताल में", "doctor:stand", "", "hospital"),
    ("Una ballerina balla nella piazza", "dancer:dance", "", "square"),
    ("Um cachorro na praia", "", "cachorro", ""),
)  # fmt: skip


def _people(story: Story) -> str:
    return " ".join(f"{one.role}:{one.pose}" for one in story.people)


@pytest.mark.parametrize(
    ("prompt", "people", "things", "place"), SHOTS, ids=[row[0] for row in SHOTS]
)
def test_short_description_is_understood(prompt: str, people: str, things: str, place: str) -> None:
    """Who acts and how, the things named, and the place."""
    story = understand(prompt)
    assert _people(story) == people
    assert {prop.name for prop in story.props} >= set(things.split())
    if place:
        assert story.reading.setting == place


@pytest.mark.parametrize(
    ("prompt", "never"),
    [
        ("A bicycle without wheels and no text", "text"),
        ("Ein Hund ohne Regenschirm", "umbrella"),
        ("Un perro sin paraguas", "umbrella"),
        ("Un chien sans parapluie", "umbrella"),
        ("A dog, no umbrella or tent", "tent"),
        ("Собака без зонта", "umbrella"),
        ("傘なしの犬", "umbrella"),
    ],
)
def test_what_is_denied_is_left_out(prompt: str, never: str) -> None:
    """A thing that is denied is not drawn, and said to be left out."""
    story = understand(prompt)
    assert never not in [prop.name for prop in story.props]
    assert story.without


def test_garments_carry_their_colours() -> None:
    """Each garment takes the colour beside it, not that of another."""
    (woman,) = understand("年轻女生穿蓝色无袖上衣和白色阔腿裤").people
    worn = dict(woman.worn)
    blue, white = worn["sleeveless"], worn["wide_trousers"]
    assert blue is not None
    assert blue[2] > blue[0]
    assert white is not None
    assert min(white) > 200
    (dog,) = understand("A dog in a yellow raincoat").props
    assert [name for name, _ in dog.worn] == ["raincoat"]


def test_names_are_people() -> None:
    """Capitalised words that nothing else explains act."""
    story = understand("Big Joe takes the toy gun out of Kim's hand, both laughing")
    assert [(one.name, one.pose, one.face) for one in story.people] == [
        ("Big Joe", "take", "laugh"),
        ("Kim", "give", "laugh"),
    ]


def test_what_is_behind_a_window_is_not_the_place() -> None:
    """The shot happens in the shop, not in the street that one sees."""
    assert understand("男模特打电话，窗外初雪的街道，店内现代布置").reading.setting == "shop"  # noqa: RUF001 - this script is meant


@pytest.mark.parametrize(
    ("prompt", "way"),
    [
        ("Quantum entanglement", "card"),
        ("qwerty zxcv", "card"),
        ("https://example.com/a?b=c", "card"),
        ("A needle grabber gives you a better grip on the needle", "insert"),
        ("Close-up of a hand with a pen signing a contract", "insert"),
        ("A wall of candles", "still"),
        ("A bar chart", "chart"),
        ("A phone screen with live comments", "screen"),
        ("A woman dances", "acted"),
        ("Close-up of a mug on a table", "portrait"),
        ("Over-the-shoulder of a woman reading a letter", "portrait"),
    ],
)
def test_way_of_drawing_follows_from_the_story(prompt: str, way: str) -> None:
    """What is not known becomes a card, never an ornament."""
    assert way_of(understand(prompt)) == way


def test_unknown_words_are_told() -> None:
    """What nothing was made of can be read."""
    assert understand("a quiet sense of longing").unknown == ("quiet", "sense", "longing")
