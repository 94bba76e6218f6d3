"""A router says in which shape its errors are written; handlers, statuses and codes stay."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx2
from pydantic import BaseModel, Field

from callsheet.accounts.model import Role
from callsheet.cli.session import opened
from callsheet.jobs.errors import JobNotFoundError
from callsheet.ports.database import DatabaseUnavailableError
from callsheet.settings import read_settings
from callsheet.web.app import ROUTERS, create_app
from callsheet.web.entry import Editor
from callsheet.web.routes import GuardedRouter
from callsheet.web.shapes import Failure, Responses
from tests.sim.simulated import serving


class OtherShape:
    """Errors as the clients of another API read them: {"error": {...}}."""

    media_type = "application/json"

    def body(self, failure: Failure) -> Mapping[str, Any]:
        """Write an error."""
        first = failure.errors[0].field if failure.errors else None
        return {"error": {"message": failure.detail, "code": failure.code, "param": first}}

    def status(self, failure: Failure) -> int:
        """Tell the status."""
        return failure.status

    def documented(self, *statuses: int) -> Responses:
        """Describe errors."""
        schema = {"type": "object", "properties": {"error": {"type": "object"}}}
        content = {"application/json": {"schema": schema}}
        return {status: {"description": "An error", "content": content} for status in statuses}


class Body(BaseModel, extra="forbid"):
    """What the test route reads."""

    n: Annotated[int, Field(ge=1, le=4)]


router = GuardedRouter(prefix="/v1", errors=OtherShape())


@router.post("/things/{what}", responses=router.errors.documented(401, 404))
async def things(what: str, body: Body, caller: Editor) -> dict[str, Any]:
    """Fail as asked."""
    if what == "missing":
        raise JobNotFoundError(what)
    if what == "away":
        raise DatabaseUnavailableError("it restarts")
    if what == "defect":
        raise ZeroDivisionError
    return {"n": body.n, "role": caller.role}


def error_in(answer: httpx2.Response) -> tuple[int, str, str | None]:
    """Read an error of the other shape: it holds that and nothing else."""
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


async def test_errors_have_the_shape_of_their_router(tmp_path: Path) -> None:
    """From the key to a defect, on paths there are and paths there are not; others keep theirs."""
    async with opened(read_settings(data_dir=tmp_path, database_url="")) as cs:
        app = create_app(cs, bound="127.0.0.1", routers=[*ROUTERS, router])
        async with (
            serving(app) as base,
            httpx2.AsyncClient(base_url=base, trust_env=False, timeout=30) as http,
        ):
            stranger = await http.get("/v1/none", headers={"Origin": "https://evil.example"})
            assert error_in(stranger) == (403, "forbidden_host", None)
            _, secret = await cs.accounts.create("maya", Role.EDITOR)
            _, low = await cs.accounts.create("low", Role.VIEWER)
            assert error_in(await http.post("/v1/things/a")) == (401, "unauthorized", None)
            http.headers["Authorization"] = f"Bearer {low}"
            assert error_in(await http.post("/v1/things/a")) == (403, "forbidden", None)
            http.headers["Authorization"] = f"Bearer {secret}"
            good = await http.post("/v1/things/a", json={"n": 1})
            assert good.json() == {"n": 1, "role": "editor"}
            for what, body, status, code, field in (
                ("a", {"n": 5}, 422, "invalid_input", "n"),
                ("missing", {"n": 1}, 404, "job_not_found", None),
                ("away", {"n": 1}, 503, "database_unavailable", None),
                ("defect", {"n": 1}, 500, "internal_error", None),
            ):
                answer = await http.post(f"/v1/things/{what}", json=body)
                assert error_in(answer) == (status, code, field)
                assert answer.headers.get("retry-after") == ("2" if status == 503 else None)
            plain = await http.post("/v1/things/a", content="n=1", headers={"Content-Type": "a/b"})
            assert error_in(plain) == (415, "wrong_type", None)
            broken = await http.post(
                "/v1/things/a", content="{", headers={"Content-Type": "application/json"}
            )
            assert error_in(broken) == (400, "malformed_json", None)
            assert error_in(await http.get("/v1/nothing")) == (404, "not_found", None)
            wrong = await http.get("/v1/things/a")
            assert error_in(wrong) == (405, "method_not_allowed", None)
            assert wrong.headers["allow"] == "POST"
            for path in ("/api/jobs/x", "/v1x", "/nothing"):
                other = await http.get(path)
                assert other.headers["content-type"] == "application/problem+json"
                assert other.json()["status"] == other.status_code == 404
            document = (await http.get("/openapi.json")).json()
    described = document["paths"]["/v1/things/{what}"]["post"]["responses"]
    assert all("application/json" in described[status]["content"] for status in ("401", "422"))
    jobs = document["paths"]["/api/jobs"]["get"]["responses"]
    assert "application/problem+json" in jobs["422"]["content"]
