"""Links lead somewhere, and every page is found."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")],
    key=str,
)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FORBIDDEN = re.compile(r"/(?:work|root|tmp)/|/home/\w|TODO|FIXME")


def _links(page: Path) -> list[str]:
    text = _CODE.sub("", page.read_text())
    return [link for link in _LINK.findall(text) if not link.startswith(("http:", "https:"))]


def _anchors(page: Path) -> set[str]:
    """Make the anchors of a page's headings, as GitHub and GitLab do."""
    plain = (
        re.sub(r"[`*]|\]\(.*?\)|\[", "", title) for title in _HEADING.findall(page.read_text())
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """A link names a file of the project, and an anchor a heading there."""
    dead = []
    for link in _links(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (anchor and anchor not in _anchors(target)):
            dead.append(link)
    assert [link for link in dead if "NNNN" not in link] == []


def test_every_page_is_linked_from_the_index() -> None:
    """The index names each page, so that nobody has to look through folders."""
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _links(index)}
    ours = {page for page in PAGES if page.parent != ROOT and page != index}
    assert sorted(str(page.relative_to(ROOT)) for page in ours - linked) == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_pages_name_no_path_of_one_machine(page: Path) -> None:
    """What only the writer's machine has is no use to a reader."""
    assert _FORBIDDEN.findall(page.read_text()) == []


def test_pictures_are_small_and_all_shown() -> None:
    """Each picture stands on a page and weighs less than 400 kB."""
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    text = "".join(page.read_text() for page in PAGES)
    assert [each.name for each in pictures if f"pictures/{each.name}" not in text] == []
    assert [each.name for each in pictures if each.stat().st_size >= 400_000] == []


def test_source_points_at_pages_that_exist() -> None:
    """A comment that says `see docs/...` can be followed."""
    found = subprocess.run(
        ["grep", "-rhoE", r"docs/[a-zA-Z0-9_/-]+\.md", "src", "run.py", "pyproject.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    named = set(found.stdout.split())
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
