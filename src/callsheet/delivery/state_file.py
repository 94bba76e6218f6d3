"""A state document as a file: written row by row, with its checksum."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

from callsheet.kernel.digests import canonical_json

_ROWS: Final = "rows"

Item = Mapping[str, Any]


class StateFile:
    """Writes a state document, a line for each row; every method blocks.

    Its checksum is that of `seal`: of the document in canonical JSON, whose names are in order.
    """

    def __init__(self, out: IO[bytes], head: Item) -> None:
        """Begin with all but the rows; a head has names before and after theirs."""
        self._out = out
        before = canonical_json({name: head[name] for name in head if name < _ROWS})
        self._after = canonical_json({name: head[name] for name in head if name > _ROWS})
        self._digest = hashlib.sha256(before[:-1] + b',"rows":[')
        self._sealed = self._begun = False
        text = json.dumps(head, ensure_ascii=False, indent=1)
        out.write(text[:-2].encode() + b',\n "rows": [')

    def add(self, items: Iterable[Item]) -> None:
        """Write more rows, or what the list after them holds."""
        for item in items:
            content = canonical_json(item)
            if not self._sealed:
                self._digest.update(b"," + content if self._begun else content)
            self._out.write((b",\n  " if self._begun else b"\n  ") + content)
            self._begun = True

    def go_on_with(self, name: str) -> None:
        """Begin one more list, which the checksum does not cover."""
        self._seal()
        self._out.write(f',\n "{name}": ['.encode())
        self._begun = False

    def _seal(self) -> None:
        self._digest.update(b"]," + self._after[1:])
        self._out.write(f'\n ],\n "sha256": "{self._digest.hexdigest()}"'.encode())
        self._sealed = True

    def end(self) -> None:
        """Write the end."""
        if self._sealed:
            self._out.write(b"\n ]")
        else:
            self._seal()
        self._out.write(b"\n}\n")
