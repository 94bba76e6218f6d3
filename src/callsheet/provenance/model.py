"""What was signed, as a value; and what a file's manifest comes to, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.provenance import GENERATOR, INSTANCE, ManifestRead, SourceType, State

_ALTERED: Final = frozenset(
    {
        "assertion.dataHash.mismatch",
        "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch",
        "assertion.collectionHash.mismatch",
        "assertion.hashedURI.mismatch",
        "assertion.multiAssetHash.mismatch",
        "claimSignature.mismatch",
    }
)
_LABEL: Final = "urn:c2pa:"
_UNTRUSTED: Final = "signingCredential.untrusted"


@dataclass(frozen=True, slots=True)
class Signature:
    """That an asset was signed with a key: the file that came of it, and its manifest.

    `signed` names the signed file; of a type that carries no manifest it is the source itself, and
    `sidecar` the file beside it. `fingerprint` digests what it shows. `ingredients` tells in which
    state the manifests of what went in were.
    """

    workspace: WorkspaceId
    source: Sha256
    key_id: str
    signed: Sha256
    sidecar: Sha256 | None
    media_type: str
    label: str
    instance: str
    manifest_sha256: Sha256
    fingerprint: Sha256
    source_type: SourceType
    signed_at: datetime
    ingredients: tuple[Mapping[str, Any], ...] = field(default=())


class Verdict(StrEnum):
    """What is said of a file, in one word."""

    OURS = "ours"  # intact, and signed by a key of our own root
    TRUSTED = "trusted"  # intact, by somebody whom a given root vouches for
    UNTRUSTED = "untrusted"  # intact, by somebody whom nobody here vouches for
    STRIPPED = "stripped"  # there is no manifest
    RENAMED = "renamed"  # the manifest goes by another name than the one it was signed under
    REPLACED = "replaced"  # the manifest is not the one that we wrote for this file
    ALTERED = "altered"  # bytes of the file, or of what is said of it, are not those signed
    INVALID = "invalid"  # the manifest breaks C2PA's rules in another way

    @property
    def holds(self) -> bool:
        """Tell whether the file may be relied on."""
        return self in (Verdict.OURS, Verdict.TRUSTED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a file's manifest comes to, why, and what to do."""

    verdict: Verdict
    reason: str


def judge(
    read: ManifestRead,
    *,
    anchored: bool = False,
    known: Signature | None = None,
    shows: Signature | None = None,
) -> Judgement:
    """Say what a file's manifest comes to.

    `anchored` is whether it is trusted by our own root. `known` is what we signed under the name in
    its claim, `shows` what we signed that shows the same; both only where there is a database.
    """
    if read.state is State.NONE:
        return _stripped(shows)
    renamed = _renamed(read, known)
    if renamed:
        return Judgement(Verdict.RENAMED, renamed)
    codes = [each.code for each in read.faults if each.code != _UNTRUSTED]
    if read.state is State.INVALID or codes:
        return _broken(codes)
    if known is not None and read.store_sha256 != known.manifest_sha256:
        reason = f"its manifest is not the one that we wrote on {known.signed_at:%Y-%m-%d}"
        return Judgement(Verdict.REPLACED, f"{reason}: another stands under its name")
    return _intact(read, anchored=anchored)


def _intact(read: ManifestRead, *, anchored: bool) -> Judgement:
    intact = f"intact, and signed by {read.signer or read.issuer or 'somebody'}"
    broken = [each.title for each in read.ingredients if each.state is State.INVALID]
    more = f"; the manifest of what went into it is broken: {', '.join(broken)}" if broken else ""
    if read.state is not State.TRUSTED:
        advice = "give theirs with --trust"
        return Judgement(
            Verdict.UNTRUSTED, f"{intact}, whom no root here vouches for; {advice}{more}"
        )
    if anchored:
        return Judgement(Verdict.OURS, f"{intact}, under our own root{more}")
    return Judgement(Verdict.TRUSTED, f"{intact}, whom a given root vouches for{more}")


def _stripped(shows: Signature | None) -> Judgement:
    if shows is not None:
        reason = f"it shows what we signed on {shows.signed_at:%Y-%m-%d} as {shows.signed[:16]}…"
        return Judgement(Verdict.STRIPPED, f"there is no manifest in it, though {reason}")
    reason = "it was removed, as by saving the file anew, or there never was one"
    return Judgement(Verdict.STRIPPED, f"there is no manifest in it: {reason}")


def _renamed(read: ManifestRead, known: Signature | None) -> str:
    """Say which name stands in place of which; "" for none.

    The label of a manifest is not under its signature, but the claim's own name is, and ours has
    the same UUID in both.
    """
    if known is not None and read.label != known.label:
        return f"its manifest goes by {read.label}, and was signed as {known.label}"
    ours = read.generator.partition(" ")[0] == GENERATOR and read.instance.startswith(INSTANCE)
    signed = _LABEL + read.instance.removeprefix(INSTANCE)
    if ours and read.label != signed:
        return f"its manifest goes by {read.label}, and was signed as {signed}"
    return ""


def _broken(codes: list[str]) -> Judgement:
    listed = ", ".join(dict.fromkeys(codes)) or "no reason given"
    if _ALTERED & set(codes):
        reason = "the file's bytes, or what is said of it, are not those that were signed"
        return Judgement(Verdict.ALTERED, f"{reason} ({listed})")
    return Judgement(Verdict.INVALID, f"its manifest does not hold ({listed})")
