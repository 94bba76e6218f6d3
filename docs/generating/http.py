"""reference/http.md: every endpoint."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from callsheet.settings import read_settings
from callsheet.web.app import create_app
from callsheet.wiring import build
from generating.marking import code, sentence, table


def page() -> str:
    """List every endpoint."""
    intro = (
        "# HTTP\n\n"
        "The whole contract, with fields and examples, is the OpenAPI document at `/openapi.json`;"
        " `/docs` shows it. With keys in force, send `Authorization: Bearer cs_...`"
        " ([which role may do what](../how-to/protect-with-keys.md)). Errors are problem documents"
        " ([errors](errors.md)), and every answer carries `X-Request-Id`. A POST that creates"
        " takes an `Idempotency-Key`: the same key and body again get the same answer, with"
        " `Idempotent-Replay: true`.\n\n"
    )
    rows = [
        (
            code(f"{method.upper()} {path}"),
            sentence(operation.get("description")) or operation.get("summary", ""),
            ", ".join(sorted(operation["responses"])),
        )
        for path, operations in asyncio.run(_openapi())["paths"].items()
        for method, operation in operations.items()
    ]
    return intro + table(("endpoint", "what it does", "statuses"), rows)


async def _openapi() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        cs = await build(read_settings(data_dir=Path(folder), store_url="memory://"))
        try:
            return create_app(cs).openapi()
        finally:
            await cs.close()
