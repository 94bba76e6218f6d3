"""Google Secret Manager over its REST API: one version of one secret, read at start.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from callsheet.google.sign_in import ServiceAccount
from callsheet.kernel.digests import crc32c_of
from callsheet.kernel.errors import shown
from callsheet.ports.master_key import (
    MasterKeyRefusedError,
    MasterKeyUnavailableError,
    key_of,
)

SCHEME: Final = "gcp-secret://"
_NAME: Final = re.compile(
    r"projects/(?P<project>[a-z0-9.:-]{1,100})(/locations/(?P<location>[a-z0-9-]{1,60}))?"
    r"/secrets/(?P<secret>[A-Za-z0-9_-]{1,255})(?P<version>/versions/[A-Za-z0-9_-]{1,63})?"
)
_METADATA: Final = "/computeMetadata/v1/instance/service-accounts/default/token"
_FLAVOUR: Final = {"Metadata-Flavor": "Google"}
_MOST_ANSWER: Final = 256 * 1024  # 64 KiB of secret in base64, and what stands around it
_MOST_KEY_FILE: Final = 64 * 1024
_TRY_AGAIN: Final = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class Access:
    """How Google is reached.

    `key_file` is a service account's, None to ask the metadata server at `metadata_host` for a
    token of the machine's own account. `url` is where Secret Manager is, "" for where Google says.
    """

    key_file: Path | None = None
    metadata_host: str = "metadata.google.internal"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds. A new pod's metadata server takes some to begin."""

    pauses_s: tuple[float, ...] = (0.5, 1.0, 2.0)
    request_s: float = 5.0


class _NoAnswerError(Exception):
    """Nothing came, or nothing whole; asking again may help."""


@dataclass(frozen=True, slots=True)
class SecretManager:
    """Implements ports.master_key.MasterKeySource for ``gcp-secret://projects/P/secrets/S``.

    With ``/versions/V`` it is that version, else the latest; ``projects/P/locations/L/secrets/S``
    is a regional secret.
    """

    address: str
    access: Access = Access()
    patience: Patience = Patience()

    async def read(self) -> bytes:
        """Read the secret. Raises MasterKeyRefusedError, MasterKeyUnavailableError."""
        parts = _NAME.fullmatch(self.address.removeprefix(SCHEME))
        if parts is None:
            form = f"{SCHEME}projects/PROJECT/secrets/SECRET/versions/VERSION"
            raise MasterKeyRefusedError(self.address, "it names no secret", f"write {form}")
        async with httpx2.AsyncClient(
            verify=httpx2.create_ssl_context(trust_env=False),
            timeout=self.patience.request_s,
            follow_redirects=False,
            trust_env=False,
        ) as http:
            for pause_s in self.patience.pauses_s:
                with suppress(_NoAnswerError):
                    return key_of(await self._read(http, parts), self.address)
                await asyncio.sleep(pause_s)
            try:
                return key_of(await self._read(http, parts), self.address)
            except _NoAnswerError as error:
                advice = "nothing was changed; start again when it answers"
                raise MasterKeyUnavailableError(self.address, str(error), advice) from error

    async def _read(self, http: httpx2.AsyncClient, parts: re.Match[str]) -> bytes:
        account, token = await self._signed_in(http)
        version = parts["version"] or "/versions/latest"
        location = parts["location"]
        host = f"secretmanager.{location}.rep" if location else "secretmanager"
        base = self.access.url.rstrip("/") or f"https://{host}.googleapis.com"
        name = parts[0].removesuffix(parts["version"] or "") + version
        status, told = await self._ask(
            http, "GET", f"{base}/v1/{name}:access", headers={"Authorization": f"Bearer {token}"}
        )
        if status != httpx2.codes.OK:
            raise self._refusal(status, told, parts, account)
        return _content(told)

    def _refusal(
        self, status: int, told: Mapping[str, Any], parts: re.Match[str], account: str
    ) -> MasterKeyRefusedError:
        error = told.get("error")
        error = error if isinstance(error, dict) else {}
        said = f"Google answers {status}: {shown(error.get('message') or 'no reason given')}"
        reasons = json.dumps(error.get("details", ""))
        project, secret = parts["project"], parts["secret"]
        if "SERVICE_DISABLED" in reasons:
            advice = f"gcloud services enable secretmanager.googleapis.com --project {project}"
        elif "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in reasons:
            advice = "give this machine the access scope cloud-platform"
        elif status == httpx2.codes.FORBIDDEN:
            role = "roles/secretmanager.secretAccessor"
            advice = (
                f"gcloud secrets add-iam-policy-binding {secret} --project {project}"
                f" --member serviceAccount:{account} --role {role}"
            )
        elif status == httpx2.codes.UNAUTHORIZED:
            advice = "check whose account this process runs as"
        else:
            advice = f"see: gcloud secrets versions list {secret} --project {project}"
        return MasterKeyRefusedError(self.address, said, advice)

    async def _signed_in(self, http: httpx2.AsyncClient) -> tuple[str, str]:
        """Find out who we are, as far as is known, and get a token for it."""
        if self.access.key_file is None:
            return "ACCOUNT", await self._machines_token(http)
        account = await asyncio.to_thread(self._account, self.access.key_file)
        try:
            form = account.grant(account.token_url)
        except ValueError as error:
            raise self._bad_key_file(str(error)) from error
        status, told = await self._ask(http, "POST", account.token_url, data=form)
        if status != httpx2.codes.OK:
            said = f"{told.get('error') or status} {told.get('error_description') or ''}".strip()
            raise self._bad_key_file(f"Google does not take it ({shown(said)})")
        return account.mail, _token(told)

    def _account(self, path: Path) -> ServiceAccount:
        try:
            with path.open("rb") as file:
                return ServiceAccount.read(file.read(_MOST_KEY_FILE).decode())
        except OSError as error:
            raise self._bad_key_file(error.strerror or type(error).__name__) from error
        except UnicodeDecodeError:
            raise self._bad_key_file("it is not JSON") from None  # which would hold all of it
        except ValueError as error:
            raise self._bad_key_file(str(error)) from error

    def _bad_key_file(self, reason: str) -> MasterKeyRefusedError:
        said = f"the key file {shown(self.access.key_file)}: {reason}"
        advice = "name a service account's key file in GOOGLE_APPLICATION_CREDENTIALS"
        return MasterKeyRefusedError(self.address, said, advice)

    async def _machines_token(self, http: httpx2.AsyncClient) -> str:
        """Ask the machine's metadata server, which must say that it is Google's."""
        host = self.access.metadata_host
        try:
            status, told = await self._ask(
                http, "GET", f"http://{host}{_METADATA}", headers=_FLAVOUR, flavour=_FLAVOUR
            )
        except _NoAnswerError as error:
            elsewhere = "outside Google Cloud set GOOGLE_APPLICATION_CREDENTIALS to a key file"
            raise _NoAnswerError(f"{error} ({elsewhere})") from error
        if status != httpx2.codes.OK:
            said = f"the metadata server {shown(host)} answers {status}"
            advice = "attach a service account to this machine"
            raise MasterKeyRefusedError(self.address, said, advice)
        return _token(told)

    async def _ask(
        self,
        http: httpx2.AsyncClient,
        method: str,
        url: str,
        flavour: Mapping[str, str] | None = None,
        **content: Any,
    ) -> tuple[int, dict[str, Any]]:
        """Ask once, bounded in time and size; the status, and the JSON object if it is one."""
        try:
            host = httpx2.URL(url).host
        except httpx2.InvalidURL as error:
            said = f"{shown(url)} is no address ({error})"
            raise MasterKeyRefusedError(self.address, said, "mend it") from error
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self.patience.request_s),
                http.stream(method, url, **content) as response,
            ):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _MOST_ANSWER:
                        raise _NoAnswerError(f"{host} answers more than {_MOST_ANSWER} bytes")
        except (httpx2.TransportError, TimeoutError) as error:
            raise _NoAnswerError(f"{host} is not reached ({type(error).__name__})") from error
        status = response.status_code
        if status in _TRY_AGAIN or response.is_server_error:
            raise _NoAnswerError(f"{host} answers {status}")
        if any(response.headers.get(name) != value for name, value in (flavour or {}).items()):
            raise _NoAnswerError(f"{host} is no metadata server")
        try:
            told = json.loads(bytes(body))
        except ValueError:
            told = None  # what it says is not repeated: it may be the secret
        if not isinstance(told, dict):
            if status == httpx2.codes.OK:
                raise _NoAnswerError(f"{host} answers something else than JSON")
            return status, {}
        return status, told


def _token(told: Mapping[str, Any]) -> str:
    token = told.get("access_token")
    if not isinstance(token, str) or not token:
        raise _NoAnswerError("an answer without a token")
    return token


def _content(told: Mapping[str, Any]) -> bytes:
    """Read the payload, and check that it is the one that was stored."""
    payload = told.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    try:
        content = base64.b64decode(str(payload.get("data", "")), validate=True)
        whole = crc32c_of(content) == int(payload.get("dataCrc32c", -1))
    except (binascii.Error, ValueError, TypeError):
        whole = False
    if not whole:
        raise _NoAnswerError("the secret came damaged: its CRC-32C does not fit") from None
    return content
