"""The application: routes, errors and what surrounds them."""

import asyncio
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import callsheet
from callsheet.kernel.errors import CallsheetError
from callsheet.web import (
    assets,
    batches,
    generations,
    health,
    home,
    jobs,
    models,
    money,
    progress,
    provider_keys,
    webhooks,
)
from callsheet.web.feeds import FeedHub
from callsheet.web.limits import SHEETS_AT_ONCE
from callsheet.web.middleware import Surroundings
from callsheet.web.problems import (
    Problem,
    answer_error,
    answer_http,
    answer_invalid,
    documented,
)
from callsheet.wiring import Callsheet


def create_app(cs: Callsheet, *, bound: str = "") -> FastAPI:
    """Make the application over built services.

    `bound` is the address that it is served on: without one nobody is let in but by a key.
    """
    app = FastAPI(
        title="callsheet",
        version=callsheet.__version__,
        summary="Rows of a sheet go in; approved, checked, costed pictures come out.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    app.state.callsheet = cs
    app.state.bound = bound
    app.state.feeds = FeedHub(cs)
    app.state.sheets = asyncio.Semaphore(SHEETS_AT_ONCE)
    # the busiest first: routes are tried in order
    first = (health, progress, assets, batches, generations)
    modules = (*first, models, money, provider_keys, jobs, webhooks, home)
    for module in modules:
        app.include_router(module.router)
    app.state.routes = [route for module in modules for route in module.router.routes]
    app.add_middleware(Surroundings, cs=cs, prefix=cs.settings.prefix)
    app.add_exception_handler(CallsheetError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    _describe_problem(app)
    return app


def _describe_problem(app: FastAPI) -> None:
    """Put the problem document's schema where every operation's errors refer to it."""
    generate = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            document = generate()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas["Problem"] = schema
            _describe_refusals(document)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _describe_refusals(document: dict[str, Any]) -> None:
    """Say of every operation what is refused before it begins, as a problem too."""
    refusals = {
        str(status): {name: said for name, said in answer.items() if name != "model"}
        for status, answer in documented(415, 422).items()
    }
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            answers = operation.get("responses", {})
            if "422" in answers:
                answers["422"] = refusals["422"]
            if "requestBody" in operation:
                answers["415"] = refusals["415"]
