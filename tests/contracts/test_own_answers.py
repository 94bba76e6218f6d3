"""What providers answer in their own words, and what others answer in their place."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from callsheet.ports.hosted import (
    AddressWrongError,
    BusyError,
    ModelGoneError,
    NoCreditError,
)
from tests.contracts.answering import Said, answering, asking, failure
from tests.contracts.providers import PROVIDERS

PAGE = b"<html><h1>404 Not Found</h1><hr>nginx</html>"
ELSEWHERE = {
    "a proxy's page": PAGE,
    "another's JSON": {"timestamp": 1, "status": 404, "path": "/x"},
    "a framework's own": {"detail": "Not Found"},
    "a gateway's": {"message": "no Route matched with those values"},
    "a model gateway's": {"error": {"message": "not found", "type": "None", "code": "404"}},
    "words": {"error": "Not Found"},
    "a list": ["x"],
}
GONE: Mapping[str, Any] = {
    "openai": {
        "error": {"message": "The model 'x' does not exist", "code": "model_not_found", "type": "y"}
    },
    "gemini": {"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}},
    "vertex": {"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}},
    "gemini_interactions": {"error": {"code": "not_found", "message": "x is no longer available"}},
    "fal": {"detail": "Application 'x' not found"},
    "replicate": {"detail": "The requested resource could not be found.", "status": 404},
    "kie": {"code": 404, "msg": "model x is not there"},
    "lovable": {"error": {"message": "model x is not there"}},
}
CREDIT: Mapping[str, list[tuple[int, Any]]] = {
    "openai": [
        (
            400,
            {
                "error": {
                    "message": "Billing hard limit has been reached",
                    "type": "image_generation_user_error",
                    "code": "billing_hard_limit_reached",
                }
            },
        ),
        (
            400,
            {
                "error": {
                    "message": "x",
                    "type": "billing_limit_user_error",
                    "code": "billing_hard_limit_reached",
                }
            },
        ),
        (
            429,
            {
                "error": {
                    "message": "You exceeded your current quota",
                    "type": "insufficient_quota",
                    "code": "insufficient_quota",
                }
            },
        ),
        (
            429,
            {
                "error": {
                    "message": "You exceeded your current quota",
                    "type": "insufficient_quota",
                    "code": None,
                }
            },
        ),
        (
            403,
            {
                "error": {
                    "message": "Your account is not active",
                    "type": "billing_not_active",
                    "code": "billing_not_active",
                }
            },
        ),
    ],
    "gemini": [
        (
            429,
            {
                "error": {
                    "code": 429,
                    "message": "Your prepayment credits are depleted.",
                    "status": "RESOURCE_EXHAUSTED",
                }
            },
        ),
        (
            429,
            [
                {
                    "error": {
                        "code": 429,
                        "message": "Your project has exceeded its spending cap.",
                        "status": "RESOURCE_EXHAUSTED",
                    }
                }
            ],
        ),
        (
            403,
            {
                "error": {
                    "code": 403,
                    "message": "off",
                    "status": "PERMISSION_DENIED",
                    "details": [{"reason": "BILLING_DISABLED"}],
                }
            },
        ),
        (
            400,
            {
                "error": {
                    "code": 400,
                    "message": "Please enable billing on project x",
                    "status": "FAILED_PRECONDITION",
                }
            },
        ),
    ],
    "vertex": [
        (
            403,
            {
                "error": {
                    "code": 403,
                    "message": "This API method requires billing to be enabled.",
                    "status": "PERMISSION_DENIED",
                }
            },
        )
    ],
    "gemini_interactions": [
        (
            429,
            {
                "error": {
                    "code": "resource_exhausted",
                    "message": "Your prepayment credits are depleted.",
                }
            },
        )
    ],
    "fal": [
        (
            403,
            {"detail": "User is locked. Reason: Exhausted balance. Top up your balance."},
        )
    ],
    "replicate": [
        (
            402,
            {
                "title": "Insufficient credit",
                "detail": "You have insufficient credit to run this model.",
                "status": 402,
            },
        ),
        (402, {"detail": "Monthly spend limit reached"}),
    ],
    "runway": [
        (400, {"error": "You do not have enough credits to run this task."}),
        (402, {"error": "x"}),
    ],
    "kie": [
        (200, {"code": 402, "msg": "Credits insufficient"}),
        (200, {"code": 433, "msg": "Subkey usage exceeds limit"}),
        (402, {"code": 402, "msg": "x"}),
    ],
    "kling": [
        (429, {"code": 1102, "message": "Account balance not enough"}),
        (429, {"code": 1101, "message": "Account in arrears"}),
    ],
    "luma": [(400, {"detail": "Insufficient credits"}), (402, {"detail": "x"})],
    "lovable": [(402, {"error": "x"}), (402, {"type": "payment_required"})],
    "runware": [
        (200, {"errors": [{"code": "insufficientCredits", "message": "x"}]}),
        (402, {"errors": [{"code": "insufficientBalance", "message": "x"}]}),
    ],
}


@pytest.mark.parametrize("name", PROVIDERS)
async def test_404_of_somebody_else_says_that_the_address_is_wrong(name: str) -> None:
    """No model is switched off by it; the setting is named, and no order is taken for unknown."""
    for said in ELSEWHERE.values():
        async with answering(Said(404, said)) as service, asking(name, service.url) as bench:
            error = await failure(bench)
            assert isinstance(error, AddressWrongError), (said, error)
            assert f"CALLSHEET_PROVIDER_{name.upper()}_BASE_URL" in str(error)
            assert service.url in str(error)


@pytest.mark.parametrize("name", GONE)
async def test_404_of_the_provider_says_that_the_model_is_gone(name: str) -> None:
    """In its own form it is believed; a base address with the version twice is not."""
    async with answering(Said(404, GONE[name])) as service:
        async with asking(name, service.url) as bench:
            assert isinstance(error := await failure(bench), ModelGoneError), error
        first = next(part for part in service.heads[-1].split(" ")[1].split("/") if part)
        if first.startswith("v"):
            async with asking(name, f"{service.url}/{first}") as bench:
                assert isinstance(error := await failure(bench), AddressWrongError), error


async def test_openai_names_a_path_that_there_is_not() -> None:
    """Its own answer to a base address that ends in /v1 is no word about a model."""
    message = "Invalid URL (POST /v1/v1/images/generations)"
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    said = Said(404, {"error": error})
    async with answering(said) as service, asking("openai", service.url) as bench:
        assert isinstance(await failure(bench), AddressWrongError)


@pytest.mark.parametrize("name", ["fal", "kie", "luma", "replicate", "runway", "runware", "vertex"])
async def test_404_of_somebody_else_proves_nothing_of_an_order(name: str) -> None:
    """Neither a poll nor a list takes a proxy's page for the provider's word."""
    async with answering(Said(404, PAGE)) as service, asking(name, service.url) as bench:
        with pytest.raises(BusyError, match="BASE_URL"):
            await bench.provider.poll("t", bench.key)
        if name == "runware":
            order = await bench.order()
            with pytest.raises(BusyError, match="BASE_URL"):
                await bench.provider.listed(datetime.now(UTC), [order.take], bench.key)


@pytest.mark.parametrize("name", CREDIT)
async def test_empty_account_rests_the_job_however_it_is_worded(name: str) -> None:
    """Every provider's words for it mean that no order will pass until somebody pays."""
    for status, said in CREDIT[name]:
        async with answering(Said(status, said)) as service, asking(name, service.url) as bench:
            error = await failure(bench)
            assert isinstance(error, NoCreditError), (status, said, error)
