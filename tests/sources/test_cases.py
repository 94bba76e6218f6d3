"""Sheets as people have them: each read as its author means it, or refused by name."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.intake.errors import BatchInputError
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults
from callsheet.intake.recipe import Recipe, read_recipe
from callsheet.intake.rows import draft_from_table
from callsheet.ports.sheets import SheetCellsError, UncertainEncodingError, written_title
from callsheet.sources import read_sheet
from callsheet.sources.encoding import certain_encoding

SHEETS = Path(__file__).parent / "sheets"


def drafted(name: str, content: bytes | None = None, **said: object) -> BatchDraft:
    """Read a sheet into a draft; files are there unless their name says that they are missing."""
    recipe = Recipe().but(**said)
    given = (SHEETS / name).read_bytes() if content is None else content
    table = read_sheet(name, given, choice=recipe.choice)
    return draft_from_table(
        table,
        defaults=Defaults(),
        limits=Limits(max_rows=100),
        recipe=recipe,
        files=lambda path: "no such file" if "missing" in path else "",
    )


def written(draft: BatchDraft, word: str) -> bool:
    """Tell whether a note says something."""
    return any(word in note for note in draft.notes)


def ratio(draft: BatchDraft) -> None:
    (row,) = draft.rows
    assert row.size == (768, 1360)
    assert {name: each.value for name, each in row.soft.items()} == {
        "negative_prompt": "blurry, text",
        "style": "photo",
    }
    assert draft.known_columns["filename"] == "filename"
    assert draft.unclaimed == ("seed", "width", "height")
    assert written(draft, "'aspect_ratio' is read as size")


def flags(draft: BatchDraft) -> None:
    (row,) = draft.rows
    assert row.prompt == "a red mug on oak"
    assert row.size == (1360, 768)
    assert row.soft["negative_prompt"].value == "text"
    assert written(draft, "--v 6, --style raw means something to another tool")


def index(draft: BatchDraft) -> None:
    assert [*map(written_title, draft.columns)] == ["", "scene_id", "prompt"]
    assert [[*row.extra.values()] for row in draft.rows] == [["0"], ["1"]]


def merged(draft: BatchDraft) -> None:
    assert [row.scene_id for row in draft.rows] == ["S-1"] * 3
    assert [row.cells.get("scene_id") for row in draft.rows] == [None, "", ""]


def ids(draft: BatchDraft) -> None:
    scenes = [row.scene_id for row in draft.rows]
    assert scenes[:6] == ["007", "100000", "100000.5", "50%", "12.10", "2026-03-01"]
    assert written(draft, "the scene is a date in the sheet")
    assert draft.rows[0].variants == 2


RIGHT: dict[str, Callable[[BatchDraft], object]] = {
    "aspect_ratio.csv": ratio,
    "mj_flags.csv": flags,
    "index_unnamed.csv": index,
    "xl_merged.xlsx": merged,
    "xl_ids.xlsx": ids,
    "enc_gbk.csv": lambda draft: draft.rows[1].prompt == "夜晚的港口" and written(draft, "gb18030"),
    "enc_shift_jis.csv": lambda draft: draft.rows[1].prompt == "夜の港",
    "title_rows.csv": lambda draft: written(draft, "row 3 is the header; 1 row above it left out"),
    "ref_space.csv": lambda draft: draft.rows[0].references[0].source == "my mug.png",
    "injection.csv": lambda draft: draft.rows[0].extra["owner"].startswith("=HYPERLINK"),
    "roundtrip_blank_model.csv": lambda draft: draft.rows[0].cells["model"] == "",
    "xl_hidden_row.xlsx": lambda draft: (
        [row.scene_id for row in draft.rows] == ["A", "C"] and written(draft, "1 hidden row left")
    ),
    "xl_hyperlink.xlsx": lambda draft: (
        draft.rows[0].references[0].source == "https://example.com/mug.png"
    ),
    "xl_cover_sheet.xlsx": lambda draft: written(draft, "'Shots' was read; not read: 'Cover'"),
    "xl_numbers_export.xlsx": lambda draft: written(draft, "'Shots - Table 1' was read"),
    "xl_rich_strike.xlsx": lambda draft: (
        written(draft, "struck through") and written(draft, "spoon")
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_sheet_is_read_as_it_is_meant(name: str) -> None:
    """What was found out of it is told as well."""
    assert RIGHT[name](drafted(name)) in (None, True)


def test_nothing_that_stands_for_no_prompt_is_bought() -> None:
    """Each is named by row and value; with `keep_going` the others would be made."""
    with pytest.raises(BatchInputError) as caught:
        drafted("sheet_errors.csv")
    assert [error.field for error in caught.value.errors] == [
        f"row {row}, column prompt" for row in range(2, 11)
    ]
    content = (SHEETS / "sheet_errors.csv").read_bytes() + b"Z,a red mug\n"
    draft = drafted("sheet_errors.csv", content, keep_going=True)
    assert [row.scene_id for row in draft.rows] == ["Z"]
    assert [row.scene_id for row in draft.refused] == [*"ABCDEFGHI"]
    assert "#REF!" in draft.refused[0].message
    assert draft.refused[0].cells["prompt"] == "#REF!"
    with pytest.raises(BatchInputError, match="#REF!"):
        drafted("sheet_errors.csv", keep_going=True)  # nothing would be left


def test_bytes_that_are_no_utf8_are_named_by_cell() -> None:
    """All other text is UTF-8: it is not read as something else because of one cell."""
    with pytest.raises(SheetCellsError, match="row 3, column prompt: bytes FF FE"):
        drafted("enc_utf8_onebad.csv")


def test_an_uncertain_encoding_is_asked_for() -> None:
    """With what each would read; never Windows-1252 by default."""
    with pytest.raises(UncertainEncodingError) as caught:
        drafted("enc_cp1251.csv")
    assert next(iter(caught.value.readings)) == "windows-1251"
    assert len(caught.value.readings) == 3
    assert "Гончар" in caught.value.readings["windows-1251"][0]
    assert drafted("enc_cp1251.csv", encoding="windows-1251").rows[0].prompt.startswith("Гончар")


CERTAIN = {
    "cp1251": "Старый рыбак чинит сеть на причале, туман, рассвет, тёплый вечерний свет",
    "cp932": "霧の中のカフェ、窓辺に置かれたマグカップ。柔らかい朝の光",
    "cp949": "안개 낀 새벽 바다, 등대지기가 등대 앞에 서 있다",
    "cp950": "霧中的咖啡館，窗邊放著一個杯子，夜晚的街道",  # noqa: RUF001 - this script is meant
    "gb18030": "新款陶瓷杯放在木桌上，特写，清晨的阳光",  # noqa: RUF001 - this script is meant
    "koi8_r": "Гончар ставит кружку на полку в мастерской, средний план",
    "cp1252": "Küche am Fenster, kühles Morgenlicht, gedämpfte Farben, eine große Tasse",
    "cp1250": "Dívka ve žlutém kabátě běží ulicí, šírý záběr, měkké světlo",
    "cp1254": "Yağmurlu sokakta koşan kız, ılık ışık, geniş açı, gün batımı",  # noqa: RUF001 - this script is meant
    "cp1253": "Ένας ψαράς επισκευάζει το δίχτυ στην προβλήτα, ομίχλη, αυγή",
}


@pytest.mark.parametrize("encoding", CERTAIN)
@pytest.mark.parametrize("times", [1, 30])
def test_no_text_is_ever_read_in_a_wrong_encoding(encoding: str, times: int) -> None:
    """A reading is right, or a person is asked."""
    rows = [f'S-{at},"{CERTAIN[encoding]}"' for at in range(times)]
    text = "\n".join(["scene_id,prompt", *rows, ""])
    found = certain_encoding(text.encode(encoding))
    assert not found or text.encode(encoding).decode(found) == text
    certain = ("cp932", "cp949", "cp950", "gb18030", "koi8_r", "cp1252")
    assert found or encoding not in certain


def test_what_a_recipe_says_is_done() -> None:
    """A prompt of several columns, pictures joined to the row above, blank rows left out."""
    sheet = (
        b"Handle,Title,Colour,Image Src,Shot\n"
        b"mug,Harbour mug,red,a.png,1\n"
        b"mug,,,b 2.png,\n"
        b"lamp,Lamp,,c.png,2\n"
        b",,,,3\n"
    )
    recipe = read_recipe(
        'prompt = "{Title}, {Colour?}, on oak"\njoin = "Handle"\nskip_blank = true\n'
        '[map]\n"Shot" = "scene_id"\n'
    )
    draft = drafted("shop.csv", sheet, **recipe.model_dump())
    assert [row.prompt for row in draft.rows] == ["Harbour mug, red, on oak", "Lamp, on oak"]
    assert [[each.source for each in row.references] for row in draft.rows] == [
        ["a.png", "b 2.png"],
        ["c.png"],
    ]
    assert written(draft, "1 row without a prompt: pictures given to the row above")
    assert written(draft, "1 row without a prompt left out")


def test_one_message_has_all_that_is_wrong_with_columns() -> None:
    """And the options that would mend them, as one would type them."""
    content = b"Idea,varients,modle\na long idea of a red mug on oak,2,x\n"
    with pytest.raises(BatchInputError) as caught:
        drafted("mine.csv", content)
    assert len(caught.value.errors) == 3
    hint = '--map "Idea=prompt" --map "varients=variants" --map "modle=model"'
    assert caught.value.hint == hint
    assert hint in str(caught.value)
    mapping = {"Idea": "prompt", "varients": "variants", "modle": "extra"}
    assert drafted("mine.csv", content, map=mapping).rows[0].variants == 2


@pytest.mark.parametrize(
    ("header", "prompt"),
    [
        ("Scene,Shot Description,Notes", 1),
        ("Shot,Description,Prompt", 2),
        ("Szene,Beschreibung,Modell", 1),
        ("Сцена,Промпт,Заметки", 1),
        ("シーン,プロンプト,メモ", 1),
        ("镜号,提示词,备注", 1),
        ("مشهد,الوصف,ملاحظات", 1),
    ],
)
def test_other_names_are_known_and_told(header: str, prompt: int) -> None:
    """The field's own name goes before them."""
    cells = ["S-9", "", ""]
    cells[prompt] = "a red mug on oak"
    draft = drafted("names.csv", f"{header}\n{','.join(cells)}\n".encode())
    assert draft.rows[0].prompt == "a red mug on oak"
    assert draft.rows[0].scene_id == "S-9"
    assert written(draft, "is read as scene_id")


def test_missing_files_are_named_with_all_other_errors() -> None:
    """Spaces, quotes and %20 are parts of names."""
    content = (
        b'prompt,references,variants\na,"my missing mug.png",1\n'
        b'b,"""x y.png"" z%201.png|subject",9\n'
    )
    with pytest.raises(BatchInputError) as caught:
        drafted("files.csv", content)
    assert [(each.field, each.value) for each in caught.value.errors] == [
        ("row 2, column references", "my missing mug.png"),
        ("row 3, column variants", "9"),
    ]
    fewer = drafted("files.csv", content.replace(b"missing ", b"").replace(b",9", b",1"))
    sources = [[each.source for each in row.references] for row in fewer.rows]
    assert sources == [["my mug.png"], ["x y.png", "z%201.png"]]


def open_document(rows: str) -> bytes:
    """Write a small OpenDocument sheet."""
    names = ["office:1.0", "table:1.0", "text:1.0"]
    spaces = " ".join(
        f'xmlns:{name.partition(":")[0]}="urn:oasis:names:tc:opendocument:xmlns:{name}"'
        for name in names
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="Shots">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest"
            ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
    return file.getvalue()


def test_open_document_sheets_are_read() -> None:
    """Hidden rows left out, merged scenes carried down, numbers as numbers."""

    def cells(*texts: str, **more: str) -> str:
        said = " ".join(f'table:{name}="{value}"' for name, value in more.items())
        return (
            f"<table:table-row {said}>"
            + "".join(
                f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>'
                "</table:table-cell>"
                if not text.isdigit()
                else f'<table:table-cell office:value-type="float" office:value="{text}"/>'
                for text in texts
            )
            + "</table:table-row>"
        )

    merged_row = cells("S-1", "a red mug", "2").replace(
        "<table:table-cell", '<table:table-cell table:number-rows-spanned="2"', 1
    )
    rows = (
        cells("scene_id", "prompt", "variants")
        + merged_row
        + cells("", "a blue boat", "1")
        + cells("S-9", "killed", "3", visibility="collapse")
    )
    draft = drafted("shots.ods", open_document(rows))
    assert [(row.scene_id, row.prompt, row.variants) for row in draft.rows] == [
        ("S-1", "a red mug", 2),
        ("S-1", "a blue boat", 1),
    ]
    assert draft.rows[0].cells["variants"] == 2
    assert written(draft, "1 hidden row left out")
