"""Manifests by which others check a package: a BagIt bag (RFC 8493) that is an ASC MHL history.

The hash list covers every file but itself and the bag's list of tag files; that list covers the
hash list. So one changed byte anywhere is found by either, and neither has to name itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from callsheet.delivery.checksums import Checksums

PAYLOAD: Final = "data"
BAGIT: Final = "bagit.txt"
BAG_INFO: Final = "bag-info.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
CHAIN: Final = "ascmhl/ascmhl_chain.xml"
_IGNORED: Final = (".DS_Store", "ascmhl", "ascmhl/", TAG_MANIFEST)
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a package by its path, and what its bytes are."""

    path: str
    sums: Checksums


def bagit_lines() -> Iterator[str]:
    """Write the bag's declaration."""
    yield "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bag_info_lines(facts: Mapping[str, str], size: int, files: int) -> Iterator[str]:
    """Write what the bag says of itself; a value is one line."""
    for name, value in {**facts, "Payload-Oxum": f"{size}.{files}"}.items():
        yield f"{name}: {' '.join(value.split())}\n"


def sha256_lines(files: Iterable[Listed]) -> Iterator[str]:
    """Write a manifest of a bag; our names have nothing that would have to be escaped."""
    for each in files:
        yield f"{each.sums.sha256}  {each.path}\n"


def mhl_name(package: str, at: datetime) -> str:
    """Name the hash list of a package's first and only generation."""
    return f"ascmhl/0001_{package}_{at.astimezone(UTC):%Y-%m-%d_%H%M%S}Z.mhl"


def mhl_lines(files: Iterable[Listed], at: datetime, version: str) -> Iterator[str]:
    """Write the hash list: ASC MHL 2.0, each file by its C4 id."""
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    patterns = "".join(f"      <pattern>{each}</pattern>\n" for each in _IGNORED)
    yield (
        f'{_XML}<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">\n'
        f"  <creatorinfo>\n    <creationdate>{moment}</creationdate>\n"
        "    <hostname>callsheet</hostname>\n"
        f"    <tool version={quoteattr(version)}>callsheet</tool>\n  </creatorinfo>\n"
        "  <processinfo>\n    <process>in-place</process>\n"
        f"    <ignore>\n{patterns}    </ignore>\n  </processinfo>\n  <hashes>\n"
    )
    for each in files:
        yield (
            f'    <hash>\n      <path size="{each.sums.size}">{escape(each.path)}</path>\n'
            f'      <c4 action="original" hashdate="{moment}">{each.sums.c4}</c4>\n    </hash>\n'
        )
    yield "  </hashes>\n</hashlist>\n"


def chain_lines(mhl: Listed) -> Iterator[str]:
    """Write the chain, which vouches for the hash list."""
    name = mhl.path.rpartition("/")[2]
    yield (
        f'{_XML}<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">\n'
        f'  <hashlist sequencenr="1">\n    <path>{escape(name)}</path>\n'
        f"    <c4>{mhl.sums.c4}</c4>\n  </hashlist>\n</ascmhldirectory>\n"
    )
