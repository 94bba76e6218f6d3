"""The evidence of an asset: how it came about, as a page for people or as JSON."""

import json
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from callsheet.web.entry import Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/assets", tags=["assets"])
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    # prompts and names on it are strangers': nothing runs, and nothing is fetched
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
    " frame-ancestors 'none'; sandbox",
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {}, "text/html": {}}},
    **documented(401, 403, 404, 422, 503),
}


@router.get(
    "/{sha256}/evidence",
    summary="The evidence of an asset",
    response_class=Response,
    responses=_ANSWERS,
)
async def evidence(
    sha256: Annotated[str, Field(max_length=64)],
    request: Request,
    cs: Services,
    caller: Viewer,
    form: Annotated[
        Literal["html", "json"] | None, Query(alias="format", description="Else by Accept")
    ] = None,
) -> Response:
    """Tell where an asset comes from, who decided about it, and what its manifest says.

    HTML, one page that needs nothing else; JSON where `Accept` or `format` asks for it.
    """
    accepted = request.headers.get("accept", "")
    if form == "json" or (form is None and "json" in accepted and "html" not in accepted):
        document = await cs.views.evidence.document(caller.workspace, sha256)
        content = json.dumps(document, ensure_ascii=False).encode()
        return Response(content, headers=_HEADERS, media_type="application/json")
    page = await cs.views.evidence.page(caller.workspace, sha256)
    return Response(page, headers=_HEADERS, media_type="text/html; charset=utf-8")
