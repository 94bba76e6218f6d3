"""Errors as OpenAI's clients read them: never a problem document."""

from collections.abc import Mapping
from typing import Any, Final

from callsheet.web.shapes import TITLES, ErrorShape, Failure, Responses

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_INVALID: Final = 422
_STATUSES: Final = {
    "order_in_doubt": 424,
    "not_made": 400,
    "idempotency_mismatch": 422,
    "provider_key_missing": 422,
    "budget_exceeded": 402,
}
_CODES: Final = {402: "insufficient_quota"}


class _OpenAIErrors:
    """Implements ErrorShape: {"error": {message, type, param, code}}."""

    media_type = "application/json"

    def body(self, failure: Failure) -> Mapping[str, Any]:
        """Write an error."""
        fault = failure.errors[0] if failure.errors else None
        return {
            "error": {
                "message": failure.detail,
                "type": _TYPES.get(self.status(failure), "api_error"),
                "param": fault.field.removeprefix("inputs.") if fault else None,
                "code": _CODES.get(self.status(failure), failure.code),
            }
        }

    def status(self, failure: Failure) -> int:
        """Tell the status: what is wrong with a parameter is 400 here, and an order in doubt 424.

        Clients repeat 409 and 5xx by themselves, and nothing may be repeated into a second order.
        """
        if failure.status == _INVALID and failure.code != "idempotency_mismatch":
            return 400
        return _STATUSES.get(failure.code, failure.status)

    def documented(self, *statuses: int) -> Responses:
        """Describe them for an operation of OpenAPI."""
        error = {
            "type": "object",
            "properties": {
                name: {"type": ["string", "null"]} for name in ("message", "type", "param", "code")
            },
        }
        schema = {"type": "object", "required": ["error"], "properties": {"error": error}}
        return {
            status: {
                "description": TITLES.get(status, "Error"),
                "content": {self.media_type: {"schema": schema}},
            }
            for status in statuses
        }


OPENAI: Final[ErrorShape] = _OpenAIErrors()
documented = OPENAI.documented
