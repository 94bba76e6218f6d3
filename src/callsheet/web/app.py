"""The application: routes, errors and what surrounds them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

import callsheet
from callsheet.kernel.errors import CallsheetError
from callsheet.web import (
    assets,
    batches,
    collaborate,
    comments,
    composite_settings,
    composites,
    customer_webhooks,
    evidence,
    film_page,
    generations,
    health,
    home,
    jobs,
    judge,
    manifests,
    models,
    money,
    packages,
    productions,
    progress,
    provider_keys,
    session,
    takes,
    webhooks,
)
from callsheet.web.failures import answer_error, answer_http, answer_invalid
from callsheet.web.feeds import FeedHub
from callsheet.web.limits import SHEETS_AT_ONCE
from callsheet.web.middleware import Surroundings
from callsheet.web.openai import images as openai_images
from callsheet.web.openai import models as openai_models
from callsheet.web.problems import PROBLEMS, Problem
from callsheet.web.replicate import predictions
from callsheet.web.rooms.hub import RoomHub
from callsheet.web.routes import GuardedRouter
from callsheet.web.shapes import Shapes
from callsheet.wiring import Callsheet

# the busiest first: routes are tried in order
_FIRST: Final = (health, progress, assets, batches, generations)
_OF_WHAT_IS_MADE: Final = (composites, composite_settings, evidence, takes, packages, jobs, judge)
_OPENAI: Final = (openai_images, openai_models, predictions)
_FILMS: Final = (productions, film_page)
_REVIEWS: Final = (comments, manifests, collaborate)
_OTHERS: Final = (models, money, session, provider_keys, customer_webhooks, webhooks, home)
_MODULES: Final = (*_FIRST, *_OF_WHAT_IS_MADE, *_OPENAI, *_FILMS, *_REVIEWS, *_OTHERS)
ROUTERS: Final[Sequence[GuardedRouter]] = tuple(module.router for module in _MODULES)


def create_app(
    cs: Callsheet, *, bound: str = "", routers: Sequence[GuardedRouter] = ROUTERS
) -> FastAPI:
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
    app.state.origin = _origin(cs.settings.public_url)
    app.state.feeds = FeedHub(cs)
    app.state.rooms = RoomHub(cs)
    app.state.sheets = asyncio.Semaphore(SHEETS_AT_ONCE)
    for router in routers:
        app.include_router(router)
    app.state.routes = [
        route for router in routers for route in router.routes if isinstance(route, Route)
    ]
    app.state.shapes = Shapes.of(
        [("", PROBLEMS), *((each.prefix, each.errors) for each in routers)]
    )
    app.add_middleware(Surroundings, cs=cs, prefix=cs.settings.prefix)
    app.add_exception_handler(CallsheetError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    _describe_problem(app)
    return app


def _origin(public_url: str) -> str:
    """Word where a server is reached as its browsers do (RFC 6454, 6.2); "" if nobody said."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


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
            _describe_refusals(document, app.state.shapes)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _describe_refusals(document: dict[str, Any], shapes: Shapes) -> None:
    """Say of every operation what is refused before it begins, in the shape of its errors."""
    for path, operations in document.get("paths", {}).items():
        refusals = {
            str(status): {name: part for name, part in answer.items() if name != "model"}
            for status, answer in shapes.at(path).documented(415, 422).items()
        }
        for operation in operations.values():
            answers = operation.get("responses", {})
            if "422" in answers:
                answers["422"] = refusals["422"]
            if "requestBody" in operation:
                answers["415"] = refusals["415"]
