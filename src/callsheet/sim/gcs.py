"""Google Cloud Storage's XML API in memory, as far as clients of objects speak it.

Objects with generations and preconditions, ranges, listing in pages, uploads in parts, copies,
self-signed bearer tokens and V4 signed links that are really verified. Faults are ordered with
``POST /_sim/faults {"mode": "503" | "hang" | "reset" | "cut", "count": n}`` and seen, with open
uploads and request counts, at ``GET /_sim/state``.
"""

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from email.utils import format_datetime
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.sim.gcs_faults import FaultMode, Faults, FaultyService
from callsheet.sim.gcs_keys import ServiceAccount, SignatureRefusedError
from callsheet.sim.gcs_objects import MOST_PARTS, GcsError, Objects, StoredObject, md5, md5_header

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_KEPT_HEADERS = ("cache-control", "content-disposition", "content-encoding", "content-language")
_MOST_LISTED = 1000
_UNAVAILABLE = GcsError(503, "ServiceUnavailable", "We encountered an internal error. Try again.")


def create_app(
    buckets: Iterable[str],
    account: ServiceAccount | None = None,
    *,
    clock: Callable[[], float] = time.time,
    page_size: int = _MOST_LISTED,
) -> Starlette:
    """Make the service. With an `account`, only its tokens and links are let in."""
    faults = Faults()
    service = _Service(Objects(buckets, clock), faults, account, clock, page_size)
    return Starlette(
        routes=[
            Route("/_sim/faults", service.arrange_faults, methods=["POST"]),
            Route("/_sim/state", service.state, methods=["GET"]),
            Route("/{bucket}", service.in_bucket, methods=["GET"]),
            Route("/{bucket}/{name:path}", service.on_object, methods=list(_Service.VERBS)),
        ],
        middleware=[Middleware(FaultyService, faults=faults, unavailable=_refusal(_UNAVAILABLE))],
    )


class _Service:
    VERBS = ("GET", "HEAD", "PUT", "POST", "DELETE")

    def __init__(
        self,
        objects: Objects,
        faults: Faults,
        account: ServiceAccount | None,
        clock: Callable[[], float],
        page_size: int,
    ) -> None:
        self._objects, self._faults, self._account = objects, faults, account
        self._clock, self._page_size = clock, page_size

    async def arrange_faults(self, request: Request) -> Response:
        order = await request.json()
        self._faults.arrange(FaultMode(order["mode"]), int(order.get("count", 1)))
        return JSONResponse({"left": self._faults.left})

    async def state(self, _: Request) -> Response:
        return JSONResponse(
            {
                "requests": self._faults.answered,
                "faults_left": self._faults.left,
                "faults_met": self._faults.met,
                "uploads": len(self._objects.uploads),
            }
        )

    async def in_bucket(self, request: Request) -> Response:
        try:
            self._let_in(request)
            return self._list(request)
        except (GcsError, SignatureRefusedError) as error:
            return _refusal(error)

    async def on_object(self, request: Request) -> Response:
        try:
            self._let_in(request)
            return await self._answer(request)
        except (GcsError, SignatureRefusedError) as error:
            return _refusal(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it

    def _let_in(self, request: Request) -> None:
        if self._account is None:
            return
        if "X-Goog-Signature" in request.query_params:
            raw_path = request.scope["raw_path"].decode("ascii").partition("?")[0]
            query = request.url.query
            self._account.check_link(request.method, raw_path, query, self._clock())
        elif token := request.headers.get("authorization"):
            self._account.check_token(token, self._clock())
        else:
            message = "Anonymous caller does not have access to the object."
            raise GcsError(403, "AccessDenied", message)

    async def _answer(self, request: Request) -> Response:
        answers = {
            "GET": self._get,
            "HEAD": self._get,
            "PUT": self._put,
            "PUT a copy": self._copy,
            "PUT a part": self._put_part,
            "POST new parts": self._begin,
            "POST a part": self._complete,
            "DELETE": self._remove,
            "DELETE a part": self._abort,
        }
        answer = answers.get(_wish(request))
        if answer is None:
            raise GcsError(405, "MethodNotAllowed", "This method is not allowed here.")
        return await answer(request)

    async def _remove(self, request: Request) -> Response:
        self._objects.remove(*_place(request))
        return Response(status_code=204)

    async def _put(self, request: Request) -> Response:
        bucket, name = _place(request)
        self._objects.bucket(bucket)
        content = await request.body()
        written = self._objects.write(
            bucket,
            name,
            content,
            *_described(request.headers),
            if_generation=request.headers.get("x-goog-if-generation-match"),
        )
        return Response(headers=_version(written))

    async def _copy(self, request: Request) -> Response:
        source_bucket, _, source_name = unquote(
            request.headers["x-goog-copy-source"].lstrip("/")
        ).partition("/")
        source = self._objects.read(source_bucket, source_name)
        written = self._objects.write(
            *_place(request),
            source.content,
            source.content_type,
            source.metadata,
            if_generation=request.headers.get("x-goog-if-generation-match"),
            etag=source.etag,
        )
        root = _xml("CopyObjectResult", LastModified=_stamp(written), ETag=written.etag)
        return _xml_response(root, headers=_version(written))

    async def _get(self, request: Request) -> Response:
        found = self._objects.read(*_place(request))
        headers = {
            **found.metadata,
            **_version(found),
            "content-type": found.content_type,
            "last-modified": format_datetime(found.modified_at, usegmt=True),
            "accept-ranges": "bytes",
            "x-goog-stored-content-length": str(len(found.content)),
            "x-goog-hash": md5_header(found.content),
            **_overrides(request),
        }
        if request.method == "HEAD":
            return Response(headers={**headers, "content-length": str(len(found.content))})
        span = _span(request.headers.get("range"), len(found.content))
        if span is None:
            return Response(found.content, headers=headers)
        start, end = span
        headers["content-range"] = f"bytes {start}-{end - 1}/{len(found.content)}"
        return Response(found.content[start:end], 206, headers)

    def _list(self, request: Request) -> Response:
        asked = request.query_params
        bucket = request.path_params["bucket"]
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        most = min(int(asked.get("max-keys", _MOST_LISTED)), self._page_size)
        start = asked.get("continuation-token") or asked.get("start-after", "")
        root = _xml("ListBucketResult", Name=bucket, Prefix=prefix)
        seen: set[str] = set()
        last = start
        truncated = False
        for found in self._objects.bucket(bucket).after(start):
            if not found.name.startswith(prefix):
                continue
            folder, slash, _ = found.name[len(prefix) :].partition(delimiter or "\0")
            group = prefix + folder + slash if delimiter and slash else ""
            if group and (group in seen or start.startswith(group)):
                continue
            if len(seen) == most:
                truncated = True
                break
            last = group + "\U0010ffff" if group else found.name
            seen.add(group or found.name)
            _list_one(root, found, group)
        ET.SubElement(root, "KeyCount").text = str(len(seen))
        ET.SubElement(root, "IsTruncated").text = str(truncated).lower()
        if truncated:
            ET.SubElement(root, "NextContinuationToken").text = last
        return _xml_response(root)

    async def _begin(self, request: Request) -> Response:
        bucket, name = _place(request)
        upload_id = self._objects.begin(bucket, name, *_described(request.headers))
        root = _xml("InitiateMultipartUploadResult", Bucket=bucket, Key=name, UploadId=upload_id)
        return _xml_response(root)

    async def _put_part(self, request: Request) -> Response:
        upload = self._objects.upload(*_place(request), request.query_params["uploadId"])
        number = request.query_params.get("partNumber", "")
        if not number.isdigit() or not 1 <= int(number) <= MOST_PARTS:
            raise GcsError(400, "InvalidArgument", "partNumber is not between 1 and 10000.")
        content = await request.body()
        etag = f'"{md5(content).hex()}"'
        upload.parts[int(number)] = (etag, content)
        return Response(headers={"etag": etag, "x-goog-hash": md5_header(content)})

    async def _complete(self, request: Request) -> Response:
        bucket, name = _place(request)
        wanted = _wanted_parts(await request.body())
        upload_id = request.query_params["uploadId"]
        written = self._objects.complete(bucket, name, upload_id, wanted)
        root = _xml("CompleteMultipartUploadResult", Bucket=bucket, Key=name, ETag=written.etag)
        return _xml_response(root, headers=_version(written))

    async def _abort(self, request: Request) -> Response:
        upload_id = request.query_params["uploadId"]
        self._objects.upload(*_place(request), upload_id)
        del self._objects.uploads[upload_id]
        return Response(status_code=204)


def _wish(request: Request) -> str:
    """Name what is asked for: the method, and what makes it something special."""
    if "uploadId" in request.query_params:
        return f"{request.method} a part"
    if "uploads" in request.query_params:
        return f"{request.method} new parts"
    if "x-goog-copy-source" in request.headers:
        return f"{request.method} a copy"
    return request.method


def _place(request: Request) -> tuple[str, str]:
    return request.path_params["bucket"], request.path_params["name"]


def _described(headers: Headers) -> tuple[str, dict[str, str]]:
    kept = {
        name: value
        for name, value in headers.items()
        if name in _KEPT_HEADERS or name.startswith("x-goog-meta-")
    }
    return headers.get("content-type", "application/octet-stream"), kept


def _version(found: StoredObject) -> dict[str, str]:
    return {
        "etag": found.etag,
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": "1",
    }


def _overrides(request: Request) -> dict[str, str]:
    """Take the headers that a link asks for; only let-in callers get this far."""
    names = ("content-type", "content-disposition", "cache-control")
    asked = ((name, request.query_params.get(f"response-{name}")) for name in names)
    return {name: value for name, value in asked if value is not None}


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header: first byte and the one after the last, None for the whole."""
    asked = _RANGE.fullmatch(header or "")
    if asked is None or asked[0] == "bytes=-":
        return None
    if not asked[1]:
        start, end = max(0, size - int(asked[2])), size
    else:
        start, end = int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size
    if start >= end:
        raise GcsError(416, "InvalidRange", "The requested range cannot be satisfied.")
    return start, end


def _wanted_parts(body: bytes) -> list[tuple[int, str]]:
    try:
        parts = ET.fromstring(body).iter("Part")  # noqa: S314 - a simulator reads its own tests
        return [(int(p.findtext("PartNumber", "")), p.findtext("ETag", "")) for p in parts]
    except (ET.ParseError, ValueError):
        message = "The XML you provided was not well-formed."
        raise GcsError(400, "MalformedXML", message) from None


def _list_one(root: ET.Element, found: StoredObject, group: str) -> None:
    if group:
        ET.SubElement(ET.SubElement(root, "CommonPrefixes"), "Prefix").text = group
        return
    contents = ET.SubElement(root, "Contents")
    for name, value in (
        ("Key", found.name),
        ("Generation", str(found.generation)),
        ("MetaGeneration", "1"),
        ("LastModified", _stamp(found)),
        ("ETag", found.etag),
        ("Size", str(len(found.content))),
    ):
        ET.SubElement(contents, name).text = value


def _stamp(found: StoredObject) -> str:
    return found.modified_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _xml(tag: str, **children: str) -> ET.Element:
    root = ET.Element(tag)
    for name, text in children.items():
        ET.SubElement(root, name).text = text
    return root


def _xml_response(
    root: ET.Element, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    body = b'<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(root)
    return Response(body, status, headers, media_type="application/xml; charset=UTF-8")


def _refusal(error: GcsError | SignatureRefusedError) -> Response:
    return _xml_response(_xml("Error", Code=error.code, Message=error.message), error.status)
