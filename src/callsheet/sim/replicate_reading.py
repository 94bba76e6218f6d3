"""What the simulated Replicate tells: predictions, models, files, the account and its secret."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from callsheet.sim.core.conditions import stamped
from callsheet.sim.core.door import Door
from callsheet.sim.core.lives import Orders
from callsheet.sim.core.models import Model
from callsheet.sim.core.orders import Order, faults_now
from callsheet.sim.replicate_files import MOST_FILE_BYTES, Files
from callsheet.sim.replicate_problems import bad_request, not_found, problem

_HARDWARE = (("CPU", "cpu"), ("Nvidia T4 GPU", "gpu-t4"), ("Nvidia L40S GPU", "gpu-l40s"))
_BORN = 1_722_470_400.0  # when the first models here were published


class Reading:
    """Everything but creating; a method is an answer to one route."""

    def __init__(
        self,
        door: Door,
        predictions: Orders,
        files: Files,
        models: Mapping[str, Model],
        secret_text: str,
    ) -> None:
        self._door, self._predictions = door, predictions
        self._files, self._models, self._secret_text = files, models, secret_text

    async def get(self, request: Request) -> Response:
        """Tell one prediction."""
        found = self._predictions.find(request.path_params["id"])
        if found is None:
            return not_found()
        return await self._door.spoilt(faults_now(found, "get"), lambda: _told(found))

    async def stream(self, request: Request) -> Response:
        """Tell the output when it is there, as server-sent events."""
        found = self._predictions.find(request.path_params["id"])
        if found is None:
            return not_found()
        return StreamingResponse(_events(found), media_type="text/event-stream")

    async def cancel(self, request: Request) -> Response:
        """Stop a prediction; one that has ended stays as it is."""
        found = self._predictions.find(request.path_params["id"])
        if found is None:
            return not_found()

        async def stop() -> Response:
            self._predictions.cancel(found)
            return await _told(found)

        return await self._door.spoilt(faults_now(found, "cancel"), stop)

    async def list(self, request: Request) -> Response:
        """Tell a page of predictions, the newest first."""
        asked = request.query_params
        try:
            after, before = (_moment(asked.get(f"created_{side}")) for side in ("after", "before"))
            page, previous, following = self._predictions.page(asked.get("cursor"), after, before)
        except ValueError:
            return bad_request("cursor, created_after or created_before cannot be read")
        kept = {name: asked[name] for name in ("created_after", "created_before") if name in asked}

        def link(cursor: str | None) -> str | None:
            if cursor is None:
                return None
            return str(request.url.replace_query_params(**kept, cursor=cursor))

        results = [prediction.told() for prediction in page]
        return JSONResponse(
            {"previous": link(previous), "next": link(following), "results": results}
        )

    async def model(self, request: Request) -> Response:
        """Tell one model with its schema."""
        found = self._models.get("{owner}/{name}".format(**request.path_params))
        return not_found() if found is None else JSONResponse(_model_told(found))

    async def models(self, _: Request) -> Response:
        """Tell all models."""
        return JSONResponse(_page([_model_told(model) for model in self._models.values()]))

    async def versions(self, request: Request) -> Response:
        """Tell the versions of a model, or one of them."""
        found = self._models.get("{owner}/{name}".format(**request.path_params))
        version = request.path_params.get("version")
        if found is None or version not in {None, found.version}:
            return not_found()
        told = _version_told(found)
        return JSONResponse(_page([told]) if version is None else told)

    async def secret(self, _: Request) -> Response:
        """Tell the secret that webhooks are signed with."""
        return JSONResponse({"key": self._secret_text})

    async def account(self, _: Request) -> Response:
        """Tell whose account it is."""
        told = {"type": "organization", "username": "callsheet-sim", "name": "Simulated"}
        return JSONResponse({**told, "github_url": "https://github.com/callsheet-sim"})

    async def hardware(self, _: Request) -> Response:
        """Tell what models can run on."""
        return JSONResponse([{"name": name, "sku": sku} for name, sku in _HARDWARE])

    async def upload(self, request: Request) -> Response:
        """Take a file: `content`, and `filename`, `type` and `metadata` beside it."""
        declared = request.headers.get("content-length", "")
        if not declared.isdigit() or int(declared) > MOST_FILE_BYTES:
            return problem(413, "Files may hold 100 MiB")
        async with request.form(max_files=2, max_fields=8) as form:
            content, metadata = form.get("content"), form.get("metadata") or "{}"
            if not isinstance(content, UploadFile):
                return bad_request("Missing content")
            try:
                text = await metadata.read() if isinstance(metadata, UploadFile) else metadata
                told = json.loads(text)
            except ValueError:
                return bad_request("metadata is not JSON")
            name = str(form.get("filename") or content.filename or "file")
            kind = str(form.get("type") or content.content_type or "application/octet-stream")
            added = self._files.add(name, kind, await content.read(), told)
        return JSONResponse(added.told(_base(request)), 201)

    async def files(self, request: Request) -> Response:
        """Tell all files."""
        base = _base(request)
        return JSONResponse(_page([upload.told(base) for upload in self._files.newest()]))

    async def file(self, request: Request) -> Response:
        """Tell one file, or remove it."""
        file_id = request.path_params["id"]
        if request.method == "DELETE":
            return Response(status_code=204) if self._files.remove(file_id) else not_found()
        found = self._files.find(file_id)
        return not_found() if found is None else JSONResponse(found.told(_base(request)))


async def _events(prediction: Order) -> AsyncIterator[str]:
    await prediction.until_ended()
    urls = prediction.output if isinstance(prediction.output, list) else [prediction.output]
    for number, url in enumerate(filter(None, urls)):
        yield f"event: output\nid: {number}\ndata: {url}\n\n"
    if prediction.error is not None:
        yield f"event: error\ndata: {json.dumps({'detail': prediction.error})}\n\n"
    yield "event: done\ndata: {}\n\n"


async def _told(prediction: Order) -> Response:
    return Response(prediction.body(), media_type="application/json")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _page(results: list[Any]) -> dict[str, Any]:
    return {"previous": None, "next": None, "results": results}


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _version_told(model: Model) -> dict[str, Any]:
    return {
        "id": model.version,
        "created_at": stamped(_BORN),
        "cog_version": "0.9.20",
        "openapi_schema": model.openapi_schema(),
    }


def _model_told(model: Model) -> dict[str, Any]:
    return {
        "url": f"https://replicate.com/{model.id}",
        "owner": model.owner,
        "name": model.name,
        "description": model.description,
        "visibility": "public",
        "is_official": True,
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": _version_told(model),
    }
