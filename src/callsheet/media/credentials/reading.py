"""Reading and validating manifests with the C2PA SDK, as facts of our own."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import c2pa

from callsheet.media.credentials.containers import Source, store_ranges
from callsheet.ports.provenance import FACTS, State, UnreadableManifestError

# Nothing is fetched: a manifest that lies elsewhere, or a word on a certificate, would be a way out
SETTINGS: Final[dict[str, Any]] = {
    "version": 1,
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "core": {"decode_identity_assertions": False},
}
# what certificates may be for: e-mail protection, documents, and C2PA's own claim signing
_PURPOSES: Final = "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.4.1.62558.2.1\n"
# of a file without a manifest, and of one of a type that can have none in it
_NO_MANIFEST: Final = ("ManifestNotFound", "NotSupported")
_MOST: Final = 64  # ingredients and faults that are told
_TEXT: Final = 500
_STATES: Final = {"Invalid": State.INVALID, "Valid": State.VALID, "Trusted": State.TRUSTED}
_UNTRUSTED: Final = "signingCredential.untrusted"


def read(file: Source, media_type: str, anchors: str, sidecar: bytes | None) -> dict[str, Any]:
    """Read and validate a file's manifest: the fields of a `ManifestRead`, as JSON.

    Raises UnreadableManifestError.
    """
    settings = dict(SETTINGS)
    if anchors:
        settings["trust"] = {"user_anchors": anchors, "trust_config": _PURPOSES}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(media_type, file, sidecar, context) as reader,
        ):
            report: dict[str, Any] = json.loads(reader.json())
            state = _STATES.get(reader.get_validation_state() or "", State.INVALID)
    except c2pa.C2paError as error:
        if _is_no_manifest(error):
            return {"state": State.NONE}
        raise UnreadableManifestError(reason_of(error)) from error
    store = sidecar if sidecar is not None else _store(file, media_type)
    told = _told(report, state)
    return {**told, "store_sha256": hashlib.sha256(store).hexdigest() if store else None}


def reason_of(error: Exception) -> str:
    """Shorten what the SDK says."""
    return f"{error}"[:_TEXT] or type(error).__name__


def _is_no_manifest(error: c2pa.C2paError) -> bool:
    said = f"{type(error).__name__} {error}"
    return any(each in said for each in _NO_MANIFEST)


def _store(file: Source, media_type: str) -> bytes:
    parts = []
    for start, length in store_ranges(file, media_type):
        file.seek(start)
        parts.append(file.read(length))
    return b"".join(parts)


def _told(report: Mapping[str, Any], state: State) -> dict[str, Any]:
    label = report.get("active_manifest") or ""
    manifests: Mapping[str, Any] = report.get("manifests") or {}
    manifest: Mapping[str, Any] = manifests.get(label) or {}
    signature: Mapping[str, Any] = manifest.get("signature_info") or {}
    generators = manifest.get("claim_generator_info") or [{}]
    actions = list(_actions(manifest))
    results: Mapping[str, Any] = report.get("validation_results") or {}
    return {
        "state": state,
        "label": _text(label),
        "instance": _text(manifest.get("instance_id")),
        "title": _text(manifest.get("title")),
        "generator": _text(
            " ".join(str(generators[0].get(key, "")) for key in ("name", "version"))
        ),
        "issuer": _text(signature.get("issuer")),
        "signer": _text(signature.get("common_name")),
        "algorithm": _text(signature.get("alg")),
        "certificate": _text(signature.get("cert_serial_number")),
        "signed_at": _text(signature.get("time")) or None,
        "source_types": [
            _text(each["digitalSourceType"]) for each in actions if "digitalSourceType" in each
        ],
        "actions": [_text(each.get("action")) for each in actions],
        "facts": _facts(manifest),
        "ingredients": [_ingredient(each) for each in (manifest.get("ingredients") or ())[:_MOST]],
        "faults": list(_faults(results))[:_MOST],
        "others": max(0, len(manifests) - 1),
    }


def _actions(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for assertion in manifest.get("assertions") or ():
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            yield from (assertion.get("data") or {}).get("actions") or ()


def _facts(manifest: Mapping[str, Any]) -> object:
    for assertion in manifest.get("assertions") or ():
        if assertion.get("label") == FACTS:
            return assertion.get("data")
    return None


def _ingredient(told: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of one ingredient. Its own results count, whatever the file's state as a whole is."""
    label = told.get("active_manifest")
    results: Mapping[str, Any] = told.get("validation_results") or {}
    faults = [*_faults(results), *_listed(told.get("validation_status"), label)]
    distrusted = [each for each in faults if each["code"] == _UNTRUSTED]
    if label is None and not faults:
        state = State.NONE
    elif len(faults) > len(distrusted):
        state = State.INVALID
    else:
        state = State.VALID if distrusted or not results else State.TRUSTED
    return {
        "title": _text(told.get("title")),
        "relationship": _text(told.get("relationship")),
        "media_type": _text(told.get("format")),
        "label": _text(label) or None,
        "state": state,
        "faults": [each for each in faults if each["code"] != _UNTRUSTED][:_MOST],
    }


def _faults(results: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield failures of the active manifest, and what became of ingredients since they went in."""
    yield from _listed((results.get("activeManifest") or {}).get("failure"), None)
    for delta in results.get("ingredientDeltas") or ():
        found = (delta.get("validationDeltas") or {}).get("failure")
        yield from _listed(found, delta.get("ingredientAssertionURI"))


def _listed(statuses: Any, where: str | None) -> Iterator[dict[str, str]]:
    for status in statuses or ():
        yield {
            "code": _text(status.get("code")),
            "manifest": _text(where or status.get("url")),
            "explanation": _text(status.get("explanation")),
        }


def _text(value: object) -> str:
    return "" if value is None else str(value)[:_TEXT]
