"""The XML inside a workbook: its parts, how they belong together, and a walk over one."""

import posixpath
from collections.abc import Callable, Mapping
from xml.parsers import expat

_OFFICE_DOCUMENT = "/officeDocument"
_WORKSHEET = "/worksheet"


def workbook_part(parts: Mapping[str, bytes]) -> str:
    """Find the part that lists the sheets."""
    found = relations(parts, "").values()
    named = (target for kind, target in found if kind.endswith(_OFFICE_DOCUMENT))
    return next(named, "xl/workbook.xml")


def worksheet_parts(parts: Mapping[str, bytes], workbook: str) -> dict[str, str]:
    """Map the names of worksheets to the names of their parts."""
    targets = relations(parts, workbook)
    found: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local_name(tag) != "sheet":
            return
        link = next((text for name, text in attributes.items() if name.endswith(":id")), "")
        kind, target = targets.get(link, ("", ""))
        if kind.endswith(_WORKSHEET):
            found[attributes.get("name", "")] = target

    walk(parts.get(workbook, b""), start)
    return found


def relations(parts: Mapping[str, bytes], owner: str) -> dict[str, tuple[str, str]]:
    """Read a part's relations: id -> (kind, name of the other part)."""
    folder, name = posixpath.split(owner)
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local_name(tag) == "Relationship":
            target = attributes.get("Target", "")
            if attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[attributes.get("Id", "")] = (attributes.get("Type", ""), target)

    walk(parts.get(posixpath.join(folder, "_rels", f"{name}.rels"), b""), start)
    return found


def local_name(tag: str) -> str:
    """Take the prefix of a namespace off."""
    return tag.rpartition(":")[2]


def walk(
    xml: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Run handlers over a part; a part that is missing has nothing to say."""
    if not xml:
        return
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(xml, True)


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type declaration has no place in a workbook")
