"""Drafts: the same rules for sheets and for requests, and all that is wrong told at once."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from callsheet.intake.errors import BatchInputError, ProblemCode
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults, ReferenceDraft, RunMode
from callsheet.intake.recipe import Recipe
from callsheet.intake.rows import draft_from_items, draft_from_table
from callsheet.kernel.errors import FieldError
from callsheet.ports.pictures import ReferenceMode
from callsheet.sources import read_sheet

STYLE = ReferenceMode.STYLE_ONLY


def from_csv(text: str, *, allow_paths: bool = False, **mapping: str) -> BatchDraft:
    """Read a CSV text into a draft."""
    return draft_from_table(
        read_sheet("shots.csv", text.encode()),
        recipe=Recipe(map=mapping),
        defaults=Defaults(),
        limits=Limits(),
        files=(lambda _: "") if allow_paths else None,
    )


def from_items(*items: Mapping[str, Any] | BaseModel, **defaults: Any) -> BatchDraft:
    """Read items into a draft."""
    return draft_from_items(items, count=len(items), defaults=Defaults(**defaults), limits=Limits())


def problems_of(text: str) -> tuple[str, list[FieldError]]:
    """Read a CSV text that is wrong: its code, and what is wrong."""
    with pytest.raises(BatchInputError) as caught:
        from_csv(text)
    return caught.value.code, list(caught.value.errors)


def test_row_of_a_sheet_becomes_a_draft() -> None:
    """Every known column is read, the team's own are carried through in their order.

    So is the mode, which a row has only in its references, for the tables of results.
    """
    batch = from_csv(
        "Owner,Scene ID,PROMPT,ref-pack public_urls,Variants,model,Size,reference mode,Due date\n"
        'Ana,S-1,"a cat, asleep","https://a.example/x.png|product https://a.example/y.png",'
        "2,gemini/flash,16:9,subject,Friday\n"
    )
    row = batch.rows[0]

    assert (row.row, row.scene_id, row.prompt) == (2, "S-1", "a cat, asleep")
    assert (row.variants, row.model, row.size) == (2, "gemini/flash", (1360, 768))
    assert row.references == (
        ReferenceDraft("https://a.example/x.png", ReferenceMode.PRODUCT),
        ReferenceDraft("https://a.example/y.png", ReferenceMode.SUBJECT),
    )
    owned = [("Owner", "Ana"), ("Due date", "Friday")]
    assert list(row.extra.items()) == [*owned, ("reference mode", "subject")]
    assert batch.known_columns["PROMPT"] == "prompt"
    assert batch.columns[0] == "Owner"
    assert (batch.name, batch.run_mode) == ("shots", RunMode.DRY_RUN)
    assert batch.notes[0] == "read as utf-8, cells separated by comma"


def test_item_of_a_request_becomes_the_same_draft() -> None:
    """An item with the same content gives the same row as a sheet does."""

    class Reference(BaseModel):
        url: str
        mode: str | None = None

    class Item(BaseModel):
        scene_id: str
        prompt: str
        ref_pack_public_urls: list[Reference]
        variants: int
        size: str

    urls = [Reference(url="https://a.example/x.png", mode="product")]
    item = Item(
        scene_id="S-1", prompt="a cat", ref_pack_public_urls=urls, variants=2, size="512x512"
    )
    plain = item.model_dump()
    sheet = from_csv(
        "scene_id,prompt,refs,variants,size\nS-1,a cat,https://a.example/x.png|product,2,512x512\n"
    )

    assert from_items(item).rows == from_items(plain).rows
    (of_item,), (of_sheet,) = from_items(item).rows, sheet.rows
    assert of_item.row == 1
    assert [of_item.prompt, of_item.references, of_item.size] == [
        of_sheet.prompt,
        of_sheet.references,
        of_sheet.size,
    ]


def test_blank_fields_take_the_defaults() -> None:
    """What a row leaves blank comes from the defaults; a nameless scene is named by its row."""
    batch = from_items(
        {"prompt": "a", "model": None, "variants": None},
        name="Spring",
        run_mode="live",
        model="kie/seedream",
        variants=3,
        size=(512, 512),
        global_references=(("https://a.example/brand.png", "first-frame"),),
    )
    row = batch.rows[0]

    assert (row.scene_id, row.variants, row.model, row.size) == (
        "row-1",
        3,
        "kie/seedream",
        (512, 512),
    )
    assert (batch.name, batch.run_mode) == ("Spring", RunMode.LIVE)
    assert batch.global_references == (
        ReferenceDraft("https://a.example/brand.png", ReferenceMode.FIRST_FRAME),
    )


def test_scenes_may_have_several_shots() -> None:
    """The same scene id in several rows is no mistake."""
    batch = from_csv("scene_id,prompt\nS-1,a\nS-1,b\n")
    assert [row.scene_id for row in batch.rows] == ["S-1", "S-1"]


@pytest.mark.parametrize(
    ("row", "code", "column", "said"),
    [
        (" ,1,1:1,", "missing_prompt", "prompt", "blank"),
        ("\x01\x02,1,1:1,", "unusable_prompt", "prompt", "nothing that can be seen"),
        ("x" * 8_001 + ",1,1:1,", "prompt_too_long", "prompt", "8001 characters, 8000"),
        ("a,4,1:1,", "too_many_variants", "Variants", "4 variants, 3 are allowed"),
        ("a,0,1:1,", "invalid_variants", "Variants", "no number"),
        ("a,two,1:1,", "invalid_variants", "Variants", "no number"),
        ("a,1.5,1:1,", "invalid_variants", "Variants", "no number"),
        ("a,-1,1:1,", "invalid_variants", "Variants", "no number"),
        ("a,1,big,", "invalid_size", "size", "no size"),
        ("a,1,0:1,", "invalid_size", "size", "no size"),
        ("a,1,100x1024,", "invalid_size", "size", "256 to 4096"),
        ("a,1,1024x9999,", "invalid_size", "size", "256 to 4096"),
        ("a,1,99:1,", "invalid_size", "size", "256 to 4096"),
        ("a,1,1:1,ftp://a.example/x", "invalid_reference", "refs", "begin with http"),
        ("a,1,1:1,refs/a.png", "invalid_reference", "refs", "begin with http"),
        ("a,1,1:1,https://u:p@a.example/", "invalid_reference", "refs", "password"),
        ("a,1,1:1,https://a.example/" + "x" * 2_048, "invalid_reference", "refs", "2048"),
        ("a,1,1:1,https://a.example/x|styel", "unknown_mode", "refs", "style_only"),
        ("a,1,1:1," + "https://a.example/x " * 51, "too_many_references", "refs", "51 refer"),
    ],
)
def test_bad_cell_is_named_by_row_and_column(row: str, code: str, column: str, said: str) -> None:
    """Each kind of bad cell has its code, and its row and column as the sheet names them."""
    found, errors = problems_of(f"prompt,Variants,size,refs\ngood,1,1:1,\n{row}\n")

    assert found == code
    assert [error.field for error in errors] == [f"row 3, column {column}"]
    assert said in errors[0].message


def test_prompt_of_a_hundred_thousand_characters_is_refused_with_its_length() -> None:
    """A prompt far over the limit is refused by a request too, and not repeated in the error."""
    with pytest.raises(BatchInputError, match="100000 characters, 8000 are allowed") as caught:
        from_items({"prompt": "\u0301" * 100_000})
    assert len(caught.value.errors[0].value) < 1_000


def test_eleven_rows_are_too_many() -> None:
    """The row limit is told with what was asked, and no row is looked at."""
    code, errors = problems_of("prompt\n" + " x\n" * 10 + ("y" * 9_000) + "\n")
    assert code == "too_many_rows"
    said = "11 rows, 10 are allowed (CALLSHEET_MAX_ROWS); split the batch"
    assert [error.message for error in errors] == [said]


@pytest.mark.parametrize("text", ["prompt\n", "prompt,size\n\n,\n"])
def test_header_alone_is_an_empty_sheet(text: str) -> None:
    """A sheet with no rows below its header is refused as empty."""
    assert problems_of(text)[0] == "empty_sheet"


def test_request_without_items_is_empty() -> None:
    """A request with no items is refused as empty."""
    with pytest.raises(BatchInputError) as caught:
        from_items()
    assert caught.value.code == "empty_sheet"


def test_everything_wrong_is_told_at_once() -> None:
    """Slips in the header and in several rows come together, the header first."""
    code, errors = problems_of("prompt,varients,size\n,9,big\nb,1,1:1\nc,1,tiny\n")

    assert code == "unknown_column"
    assert [error.field for error in errors] == [
        "column varients",
        "row 2, column prompt",
        "row 2, column size",
        "row 4, column size",
    ]


def test_list_of_problems_has_an_end() -> None:
    """A hundred problems are listed and the others counted."""
    items = [{"prompt": "", "size": "x"}] * 80
    with pytest.raises(BatchInputError, match=r"\(and 159 more\)") as caught:
        draft_from_items(items, count=len(items), defaults=Defaults(), limits=Limits(max_rows=80))

    assert len(caught.value.errors) == 100
    assert caught.value.more == 60


@pytest.mark.parametrize(
    ("column", "likely"),
    [
        ("promt", "prompt"),
        ("Varients", "variants"),
        ("modle", "model"),
        ("sise", "size"),
        ("reference", "references"),
        ("scene_ids", "scene_id"),
    ],
)
def test_slip_in_a_column_name_is_refused(column: str, likely: str) -> None:
    """A column that looks like a slip of a known one is refused, with the one meant."""
    code, errors = problems_of(f"prompt,{column}\na,1\n")

    assert code == "unknown_column"
    assert f"{likely!r} was probably meant" in errors[0].message


@pytest.mark.parametrize("column", ["Owner", "Due date", "Notes", "time", "code", "Product", "ö"])
def test_own_columns_are_carried_through(column: str) -> None:
    """A team's own columns are no mistake, short everyday names included."""
    assert from_csv(f"{column},prompt\nx,a\n").rows[0].extra == {column: "x"}


def test_mapping_goes_before_names() -> None:
    """A mapping says what a column means, or that a likely slip is the team's own."""
    batch = from_csv("Idea,modes\na cat,night\n", Idea="prompt", modes="extra")

    assert batch.rows[0].prompt == "a cat"
    assert batch.rows[0].extra == {"modes": "night"}


def test_mapping_in_vain_is_refused() -> None:
    """A mapping that names a column or a field that is not there is refused."""
    with pytest.raises(BatchInputError) as caught:
        from_csv("prompt\na\n", Idea="prompt", prompt="colour")

    assert caught.value.code == "unknown_column"
    assert [error.value for error in caught.value.errors] == ["Idea", "colour"]


def test_sheet_without_a_prompt_column_names_what_it_has() -> None:
    """Without a prompt column every unknown one is named, and rows are not looked at."""
    code, errors = problems_of("Idea,size\na cat,tiny\n")

    assert code == "unknown_column"
    assert [error.field for error in errors] == ["column Idea"]
    assert problems_of("size\n1:1\n")[0] == "missing_prompt"


def test_two_columns_for_one_field_are_refused() -> None:
    """Two names of the same field in one sheet are refused."""
    code, errors = problems_of("prompt,refs,ref_url\na,,\n")
    assert (code, errors[0].field) == ("duplicate_column", "column ref_url")


@pytest.mark.parametrize(
    ("item", "code", "field"),
    [
        ({"prompt": "a", "promt": "b"}, "unknown_column", "items[0].promt"),
        ({"prompt": 7}, "invalid_type", "items[0].prompt"),
        ({"prompt": "a", "variants": True}, "invalid_type", "items[0].variants"),
        ({"prompt": "a", "variants": 4}, "too_many_variants", "items[0].variants"),
        ({"prompt": "a", "references": [{}]}, "invalid_type", "items[0].references[0]"),
        ({"prompt": "a", "refs": ["x"]}, "invalid_reference", "items[0].references"),
        ({"prompt": "a", "scene_id": "s" * 121}, "invalid_scene_id", "items[0].scene_id"),
        ({"prompt": "a", "model": "a b"}, "invalid_model", "items[0].model"),
        ({"prompt": "a", "reference_mode": "x"}, "unknown_mode", "items[0].reference_mode"),
        ({}, "missing_prompt", "items[0].prompt"),
    ],
)
def test_bad_item_is_named_by_its_place(item: dict[str, Any], code: str, field: str) -> None:
    """Each kind of bad item has its code and its place in the request."""
    with pytest.raises(BatchInputError) as caught:
        from_items(item)
    assert (caught.value.code, caught.value.errors[0].field) == (code, field)


@pytest.mark.parametrize(
    ("defaults", "code"),
    [
        ({"run_mode": "yes"}, "unknown_run_mode"),
        ({"variants": 4}, "too_many_variants"),
        ({"size": (99, 99)}, "invalid_size"),
        ({"model": "a b"}, "invalid_model"),
        ({"name": "n" * 201}, "invalid_name"),
        ({"global_references": (("nowhere", ""),)}, "invalid_reference"),
        ({"global_references": (("https://a.example/", "x"),)}, "unknown_mode"),
    ],
)
def test_defaults_are_held_to_the_same_rules(defaults: dict[str, Any], code: str) -> None:
    """What holds for the whole batch is checked like a row's own fields."""
    with pytest.raises(BatchInputError) as caught:
        from_items({"prompt": "a", "variants": 1, "size": "1:1", "model": "m"}, **defaults)
    assert caught.value.code == code


def test_prompt_is_cleaned_and_the_cleaning_told() -> None:
    """Controls and direction marks go with a note, line breaks stay, accents are composed."""
    batch = from_items({"prompt": " cafe\u0301\r\n\u202eon\x07 the\tquay \ud800"})

    assert batch.rows[0].prompt == "café\non the\tquay"
    assert batch.notes == ("items[0].prompt: 3 invisible characters were removed",)


@pytest.mark.parametrize("mark", [*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))])
def test_no_mark_turns_the_writing_around(mark: str) -> None:
    """Embeddings, overrides and isolates would show a reviewer another text than a model reads."""
    batch = from_items({"prompt": f"a {mark}red mug"})
    assert batch.rows[0].prompt == "a red mug"


def test_accents_piled_up_are_cut_and_told() -> None:
    """Thousands of accents on one letter, which take long to compose, are cut to thirty."""
    batch = from_items({"prompt": "a" + "\u0301\u0323" * 3_000})

    assert len(batch.rows[0].prompt) < 32
    assert batch.notes == ("items[0].prompt: 5970 invisible characters were removed",)


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ("1024x768", (1024, 768)),
        ("1024\u00d7768", (1024, 768)),
        ("1024 X 768", (1024, 768)),
        ("1:1", (1024, 1024)),
        ("9:16", (768, 1360)),
        ("16:09:00", (1360, 768)),
        ("21:9", (1568, 672)),
    ],
)
def test_sizes_read_in_every_spelling(size: str, sides: tuple[int, int]) -> None:
    """Pixels and ratios are read, also a ratio that a spreadsheet took for a time of day."""
    row = from_items({"prompt": "a", "size": size}).rows[0]
    assert row.size == sides


@pytest.mark.parametrize(
    "cell",
    [
        "https://a.example/x,1.png https://a.example/y.png",
        "https://a.example/x,1.png\nhttps://a.example/y.png",
        "https://a.example/x,1.png, https://a.example/y.png,",
        "https://a.example/x,1.png;\thttps://a.example/y.png",
        "https://a.example/x,1.png,https://a.example/y.png",
        " https://a.example/x,1.png|style_only  https://a.example/y.png|Style-Only ",
    ],
)
def test_references_in_a_cell_are_told_apart(cell: str) -> None:
    """Spaces, line breaks and commas part addresses; a comma inside one does not."""
    row = from_items({"prompt": "a", "references": cell}).rows[0]
    assert row.references == (
        ReferenceDraft("https://a.example/x,1.png", STYLE),
        ReferenceDraft("https://a.example/y.png", STYLE),
    )


def test_paths_are_references_only_where_allowed() -> None:
    """A local run may name files; addresses are checked all the same."""
    row = from_csv("prompt,refs\na,refs/a.png|product\n", allow_paths=True).rows[0]
    assert row.references == (ReferenceDraft("refs/a.png", ReferenceMode.PRODUCT),)

    with pytest.raises(BatchInputError, match="does not begin with http"):
        from_csv("prompt,refs\na,file:///etc/passwd\n", allow_paths=True)


FIELD = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.lists(st.text(max_size=9)))


def draft_or_refuse(items: list[dict[str, Any]]) -> BatchDraft | BatchInputError:
    """Make a draft, or give back the error that names what is wrong; any other error is raised."""
    try:
        return draft_from_items(items, count=len(items), defaults=Defaults(), limits=Limits())
    except BatchInputError as error:
        return error


@settings(deadline=None)
@given(
    items=st.lists(
        st.dictionaries(
            st.sampled_from(["prompt", "scene_id", "refs", "variants", "model", "size"]), FIELD
        ),
        max_size=12,
    )
)
def test_any_items_are_a_clean_draft_or_named_problems(items: list[dict[str, Any]]) -> None:
    """Whatever the items, the draft keeps every limit, or each problem has a code and a place."""
    outcome, limits = draft_or_refuse(items), Limits()
    if isinstance(outcome, BatchInputError):
        assert outcome.code in set(ProblemCode)
        assert all(each.field and each.message for each in outcome.errors)
        return
    assert 0 < len(outcome.rows) <= limits.max_rows
    for row in outcome.rows:
        assert row.prompt.strip() == row.prompt != ""
        assert row.prompt.encode()
        assert 1 <= row.variants <= limits.max_variants
        assert all(limits.min_side <= side <= limits.max_side for side in row.size or ())
        assert row.scene_id
