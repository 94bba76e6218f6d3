"""A sheet of any make, its results, and those read again: the same is asked for."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callsheet.cli.repeating import digest_of_asked
from callsheet.delivery.results import Results, result_table, to_csv, to_xlsx
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults, RowDraft
from callsheet.intake.recipe import Recipe
from callsheet.intake.rows import draft_from_table
from callsheet.jobs.model import Cost, Job, JobKind, JobTimes, Shot, Tally
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.stages.deliver import own_cells
from callsheet.ports.sheets import SheetChoice
from callsheet.sources import read_sheet

NOW = datetime(2026, 3, 1)  # noqa: DTZ001 - a sheet's days have no zone
LETTERS = st.characters(categories=["Lu", "Ll", "Lo", "Nd"], exclude_characters="\ufeff")
WORDS = st.text(LETTERS, min_size=2, max_size=12).map(lambda word: f"mug {word}")
SCENES = st.one_of(st.text("ABC123", min_size=1, max_size=4).map(lambda text: f"S-{text}"))
OWN = st.one_of(
    st.sampled_from(["", "=1+1", "+49", "-note", "@you", "007", "two\nlines", 'a "b"', "a;b,c\td"]),
    WORDS,
)
TYPED = st.one_of(
    OWN,
    st.integers(-999, 999_999),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3)),
    st.booleans(),
    st.integers(0, 20_000).map(lambda days: NOW + timedelta(days=days)),
)


@st.composite
def sheets(draw: st.DrawFn, own: st.SearchStrategy[Any]) -> list[list[Any]]:
    """Draw a header and rows; columns stand in any order, and some are the team's own."""
    count = draw(st.integers(1, 5))
    columns: dict[str, list[Any]] = {
        draw(st.sampled_from(["scene_id", "Scene", "Shot"])): draw(
            st.lists(SCENES, min_size=count, max_size=count)
        ),
        draw(st.sampled_from(["prompt", "Shot Description"])): draw(
            st.lists(WORDS, min_size=count, max_size=count)
        ),
    }
    for title, cells in (
        ("variants", st.sampled_from(["", "1", "3"])),
        ("size", st.sampled_from(["", "512x512", "16:9"])),
        ("model", st.sampled_from(["", "local/dot"])),
        ("references", st.sampled_from(["", "https://a.example/x.png|product"])),
        ("Owner", own),
        ("Status", own),
    ):
        if draw(st.booleans()):
            columns[title] = draw(st.lists(cells, min_size=count, max_size=count))
    order = draw(st.permutations([*columns]))
    return [order, *([columns[title][at] for title in order] for at in range(count))]


def drafted(name: str, content: bytes, choice: SheetChoice | None = None) -> BatchDraft:
    """Read a sheet into a draft."""
    table = read_sheet(name, content, choice=choice or Recipe().choice)
    return draft_from_table(table, defaults=Defaults(), limits=Limits(), recipe=Recipe())


def shot_of(row: RowDraft) -> Shot:
    """Write a row down as submission does; one without a model or size gets the usual ones."""
    width, height = row.size or (1024, 1024)
    return Shot(
        job=JobId("job_x"),
        row=row.row,
        scene_id=row.scene_id,
        prompt=row.prompt,
        model=row.model or "local/storyboard",
        width=width,
        height=height,
        variants=row.variants,
        extra={**row.extra, **row.cells},
    )


def results_of(draft: BatchDraft) -> dict[str, bytes]:
    """Write both result tables of a draft."""
    told = {
        "columns": [*draft.columns],
        "known_columns": dict(draft.known_columns),
        "in_place": draft.in_place,
    }
    job = Job(
        *(JobId("job_x"), LOCAL_WORKSPACE, JobKind.BATCH, "x", draft.run_mode, Tally(1), Cost()),
        JobTimes(NOW, NOW),
        settings=told,
    )
    state: Mapping[str, Any] = {"status": "succeeded", "error": None, "quoted": "0", "variants": []}
    written = {}
    for name, write in (("results.csv", to_csv), ("results.xlsx", to_xlsx)):
        out = io.BytesIO()
        with Results() as results:
            results.add(
                (
                    {**state, "row": row.row, "scene_id": row.scene_id},
                    own_cells(shot_of(row), job),
                )
                for row in draft.rows
            )
            write(result_table(draft.columns, results, in_place=draft.in_place), out)
        written[name] = out.getvalue()
    return written


def same_is_asked(draft: BatchDraft, columns: Sequence[str]) -> None:
    """Check that both tables of a draft ask for the same rows, and keep its columns in front."""
    for name, content in results_of(draft).items():
        again = drafted(name, content)
        assert again.columns[: len(columns)] == tuple(columns)
        asked = [
            (row.scene_id, row.prompt, row.variants, row.model, row.size) for row in again.rows
        ]
        assert asked == [
            (row.scene_id, row.prompt, row.variants, row.model, row.size) for row in draft.rows
        ]
        assert [row.references for row in again.rows] == [row.references for row in draft.rows]
        for old, new in zip(draft.rows, again.rows, strict=True):
            assert {title: new.extra[title] for title in old.extra} == old.extra
        if name.endswith(".xlsx"):
            for old, new in zip(draft.rows, again.rows, strict=True):
                typed = {title: cell for title, cell in old.cells.items() if title in old.extra}
                assert {title: new.cells[title] for title in typed} == typed


QUICK = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)  # each starts processes


@settings(QUICK, max_examples=60)
@given(
    rows=sheets(OWN),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    title=st.sampled_from([[], ["Launch plan"], ["Launch plan", ""]]),
)
def test_a_text_sheet_is_asked_for_again(
    rows: list[list[str]], delimiter: str, encoding: str, title: list[str]
) -> None:
    """Whatever its separator, its encoding and what stands above its header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([[line] for line in title])
    writer.writerows(rows)
    choice = (
        Recipe()
        .but(
            delimiter=delimiter if delimiter == "|" else "",
            encoding=encoding if encoding == "gb18030" else "",
        )
        .choice
    )
    draft = drafted("mine.csv", text.getvalue().encode(encoding), choice)
    assert [row.row for row in draft.rows] == [*range(len(title) + 2, len(title) + len(rows) + 1)]
    for row in draft.rows:
        for name, cell in row.extra.items():
            assert cell == rows[row.row - len(title) - 1][rows[0].index(name)]
    assert digest_of_asked(draft, {}) == digest_of_asked(draft, {})
    same_is_asked(draft, [str(each) for each in rows[0]])


@settings(QUICK, max_examples=20)
@given(rows=sheets(TYPED), hidden=st.booleans(), merged=st.booleans())
def test_a_workbook_is_asked_for_again(
    rows: list[list[Any]], *, hidden: bool, merged: bool
) -> None:
    """Numbers, dates and truth values; hidden rows left out, merged scenes carried down."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(rows[0])
    for row in rows[1:]:
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a text beginning with "=" is text here
    last = len(rows)
    scene = next(
        at for at, title in enumerate(rows[0], 1) if title in ("scene_id", "Scene", "Shot")
    )
    if hidden and last > 2:
        sheet.row_dimensions[last].hidden = True
    if merged and last > 3:
        sheet.merge_cells(start_row=2, end_row=3, start_column=scene, end_column=scene)
    content = io.BytesIO()
    book.save(content)
    draft = drafted("mine.xlsx", content.getvalue())
    assert len(draft.rows) == len(rows) - 1 - (hidden and last > 2)
    if merged and last > 3:
        assert draft.rows[1].scene_id == draft.rows[0].scene_id
        draft = drafted("flat.csv", flat(draft, rows[0]))
    same_is_asked(draft, [str(each) for each in rows[0]])


def flat(draft: BatchDraft, columns: list[Any]) -> bytes:
    """Write a draft's scenes and prompts as a text sheet: a merged cell is none in results."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in draft.rows:
        named = {"prompt": row.prompt, "Shot Description": row.prompt}
        scenes = dict.fromkeys(("scene_id", "Scene", "Shot"), row.scene_id)
        writer.writerow([{**named, **scenes}.get(title, "") for title in columns])
    return text.getvalue().encode()
