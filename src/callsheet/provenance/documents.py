"""What was read of a file, as JSON."""

from dataclasses import asdict
from typing import Any

from callsheet.ports.provenance import ManifestRead
from callsheet.provenance.model import Judgement, Signature


def manifest_document(read: ManifestRead) -> dict[str, Any]:
    """Write a manifest."""
    return asdict(read)


def judgement_document(name: str, read: ManifestRead, judgement: Judgement) -> dict[str, Any]:
    """Write what a file comes to, with its manifest."""
    return {
        "file": name,
        "verdict": judgement.verdict.value,
        "holds": judgement.verdict.holds,
        "reason": judgement.reason,
        "manifest": manifest_document(read),
    }


def signature_document(signature: Signature) -> dict[str, Any]:
    """Write what was signed."""
    return {
        "unsigned": signature.source,
        "signed": signature.signed,
        "sidecar": signature.sidecar,
        "manifest": signature.label,
        "manifestSha256": signature.manifest_sha256,
        "digitalSourceType": signature.source_type.value,
        "key": signature.key_id,
        "signedAt": signature.signed_at.isoformat(),
        "ingredients": [dict(each) for each in signature.ingredients],
    }
