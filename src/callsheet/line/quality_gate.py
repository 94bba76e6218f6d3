"""The technical gate: takes are examined as files, by measurement, in locked-down processes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import AssetFacts, asset_key
from callsheet.assets.store import AssetStore
from callsheet.checks.registry import all_checks, meter_modules
from callsheet.jobs.model import Job, Shot
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.line.verdicts import Assessment, ToJudge
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.workers import JobLostError
from callsheet.ports.blobs import BlobNotFoundError, BlobStore
from callsheet.ports.checks import Check, Order
from callsheet.ports.database import Database
from callsheet.ports.findings import Finding, Severity, Status
from callsheet.ports.measuring import OpenFile
from callsheet.ports.sheets import cell_text
from callsheet.quality.approved import Likes, usual_for
from callsheet.quality.asked import Technical, row_is_examined, technical_of
from callsheet.quality.examinations import Examination, ExaminationStore
from callsheet.quality.examining import Examiner, Findings
from callsheet.quality.model import Decision, verdict_of
from callsheet.quality.profiles import Profile, load_profile, read_profile
from callsheet.quality.usual import Usual, unusual_in
from callsheet.quality.verdicts import Observation
from callsheet.takes.model import Take

_KEPT_PROFILES: Final = 32
_REMEMBERED_S: Final = 30.0
_TRIES: Final = 3  # of a file that ends the process which measures it
# what a model makes is as it is in this: another take of it would be the same
_OF_THE_MODEL: Final = frozenset(
    {"bitrate", "codec", "colour", "container", "frame_rate", "metadata", "size", "still_profile"}
)
_OF_THE_ORDER: Final = frozenset({"resolution", "still_size"})
_SAME_FORMAT: Final = "its model makes files of this kind, so another take would be the same"
_SAME_SIZE: Final = "it has the size that was ordered, so another take would be the same"


@dataclass(frozen=True, slots=True)
class _Rules:
    """A profile with the checks that are asked under it; `digest` names both, with versions."""

    profile: Profile
    checks: Sequence[Check[Any]]
    inspector: ProcessInspector
    digest: Sha256


@dataclass(slots=True)
class TechnicalGate:
    """Examines takes under the profile of their job.

    What was found is written down at once, with what it was judged by, so that nothing is examined
    twice. Processes start, and checks are loaded, with the first take.
    """

    database: Database
    store: ExaminationStore
    assets: AssetStore
    blobs: BlobStore
    clock: Callable[[], datetime]
    workers: int = 0
    name: str = "technical"
    _inspector: ProcessInspector | None = None
    _rules: dict[tuple[str, str], _Rules] = field(default_factory=dict)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: dict[Likes, tuple[float, Mapping[str, Usual]]] = field(default_factory=dict)

    def retakes(self, job: Job) -> int | None:
        """Say how often a variant may be made again; None for a job that is not examined."""
        asked = technical_of(job.settings)
        return None if asked is None else asked.retakes

    def concerns(self, shot: Shot) -> bool:
        """Tell whether a row leaves its examination on."""
        return row_is_examined({name: cell_text(cell) for name, cell in shot.extra.items()})

    async def assess(self, job: Job, row: ToJudge) -> Sequence[Assessment]:
        """Examine takes of one row, one after the other: each is compared with those before it.

        Texts are left out: there is nothing to measure.
        """
        asked = technical_of(job.settings)
        if asked is None:
            return []
        rules = await self._rules_of(asked)
        names = {take.asset for take in (*row.takes, *row.others) if take.asset}
        async with self.database.read() as connection:
            known = await self.assets.facts(connection, job.workspace, names)
            seen = await self._likenesses(connection, job, row)
        usual = await self._usual(row)
        found = []
        for take in row.takes:
            if take.asset is None or _is_text(known.get(take.asset)):
                continue
            order = order_of(take, row.shot)
            examination = await self._examined(rules, take, order, seen)
            likeness = examination.facts.get("likeness")
            if likeness:
                seen.append((_named(take), likeness))
            found.append(compared(assessment_of(take, order, examination), examination, usual))
        return found

    async def _usual(self, row: ToJudge) -> Mapping[str, Usual]:
        """Say what is usual for takes like those of a row; remembered for a while."""
        take, shot = row.takes[0], row.shot
        likes = Likes(take.workspace, take.model, shot.width, shot.height)
        now = self.clock().timestamp()
        until, usual = self._known.get(likes, (0.0, {}))
        if until <= now:
            async with self.database.read() as connection:
                usual = await usual_for(connection, likes)
            if len(self._known) >= _KEPT_PROFILES:
                self._known.clear()
            self._known[likes] = now + _REMEMBERED_S, usual
        return usual

    async def close(self) -> None:
        """Stop the processes."""
        if self._inspector is not None:
            await self._inspector.close()

    async def _rules_of(self, asked: Technical) -> _Rules:
        """Load checks and profile, once: importing checks takes a while."""
        async with self._loading:
            key = asked.profile, asked.toml
            if key not in self._rules:
                if len(self._rules) >= _KEPT_PROFILES:
                    self._rules.clear()
                checks = await asyncio.to_thread(all_checks)
                profile = await asyncio.to_thread(_profile, asked, checks)
                if self._inspector is None:
                    meters = await asyncio.to_thread(meter_modules)
                    self._inspector = ProcessInspector(self.workers, meters=meters)
                digest = _digest(profile, checks)
                self._rules[key] = _Rules(profile, checks, self._inspector, digest)
            return self._rules[key]

    async def _likenesses(
        self, connection: AsyncConnection, job: Job, row: ToJudge
    ) -> list[tuple[str, str]]:
        """Read the likenesses of a row's takes that were examined before."""
        found: list[tuple[str, str]] = []
        for take in row.others:
            if take.asset is not None:
                newest = await self.store.of_asset(connection, job.workspace, take.asset, 1)
                likenesses = (each.facts.get("likeness") for each in newest)
                found += [(_named(take), str(each)) for each in likenesses if each]
        return found

    async def _examined(
        self, rules: _Rules, take: Take, order: Order, seen: Sequence[tuple[str, str]]
    ) -> Examination:
        """Find what was found in a take's file, or examine it and write that down."""
        assert take.asset is not None  # noqa: S101  # see `assess`
        told = {"rules": rules.digest, "order": repr(order), "seen": [each for _, each in seen]}
        name = digest_of(told)
        async with self.database.read() as connection:
            known = await self.store.find(connection, take.workspace, take.asset, name)
        if known is not None:
            return known
        findings, facts, lasting = await self._measured(rules, take, order, seen)
        examination = Examination(
            take.workspace,
            take.asset,
            name,
            rules.profile.name,
            findings,
            self.clock(),
            facts,
        )
        if lasting:
            async with self.database.begin(small=True) as connection:
                await self.store.add(connection, examination)
        return examination

    async def _measured(
        self, rules: _Rules, take: Take, order: Order, seen: Sequence[tuple[str, str]]
    ) -> tuple[list[Finding], dict[str, Any], bool]:
        """Examine a file; answers findings, facts, and whether they will be the same next time."""
        assert take.asset is not None  # noqa: S101  # see `assess`
        examiner = Examiner(rules.inspector, rules.checks, rules.profile)
        for name, likeness in seen:
            examiner.remember(name, likeness)
        tries = 0
        while True:
            findings: list[Finding] = []
            facts: dict[str, Any] = {}
            try:
                async with self._opened(take.asset) as file:
                    async for part in examiner.examine(file, _named(take), order):
                        findings += part.found
                        facts |= _facts(part)
            except BlobNotFoundError:
                return [_not_examined("our store has lost it")], {}, False
            except JobLostError as error:  # most likely it was this very file
                tries += 1
                if tries >= _TRIES:
                    return [_not_examined(str(error))], {}, False
                continue
            lasting = all(each.status is not Status.ERROR for each in findings)
            return findings, facts, lasting

    @asynccontextmanager
    async def _opened(self, asset: Sha256) -> AsyncIterator[OpenFile]:
        """Bring an asset from the store into a file without a name."""
        with TemporaryFile() as file:
            async for block in self.blobs.stream(asset_key(asset)):
                await asyncio.to_thread(file.write, block)
            await asyncio.to_thread(file.flush)
            yield OpenFile.of(file.fileno())


def order_of(take: Take, shot: Shot) -> Order:
    """Say what was ordered of a file: what the order's form has; the rest is the model's affair."""
    asked = take.inputs

    def number(name: str) -> float | None:
        value = asked.get(name)
        return value if isinstance(value, int | float) and value > 0 else None

    width, height = number("width"), number("height")
    silent = False if asked.get("audio") is False else None
    return Order(
        width=None if width is None else int(width),
        height=None if height is None else int(height),
        duration_s=number("duration_s") or shot.plan.duration_s,
        music=silent,
        voice=silent,
    )


def assessment_of(take: Take, order: Order, examination: Examination) -> Assessment:
    """Say what findings mean for a take: those that decided it, or the warnings of one passed."""
    verdict = verdict_of(examination.findings)
    status = {Decision.FAIL: (Status.FAIL,), Decision.PASS: (Status.WARN,)}.get(
        verdict.decision, (Status.NOT_ASSESSED, Status.ERROR)
    )
    seen = tuple(
        Observation(each.check, each.sentence, each.advice)
        for each in examination.findings
        if each.status in status
        and (verdict.decision is Decision.PASS or each.check in verdict.because)
    )
    return Assessment(
        take=take,
        decision=verdict.decision,
        observations=seen,
        rules=f"profile {examination.profile}, {examination.rules[:12]}",
        warned=verdict.decision is Decision.PASS and bool(seen),
        hopeless=_hopeless(verdict.because, order, examination)
        if verdict.decision is Decision.FAIL
        else "",
    )


def compared(
    assessment: Assessment, examination: Examination, usual: Mapping[str, Usual]
) -> Assessment:
    """Add what is unusual for this team about a take that passed; a person looks at the worst."""
    if assessment.decision is not Decision.PASS:
        return assessment
    unusual = unusual_in(examination.findings, usual)
    if not unusual.observations:
        return assessment
    return replace(
        assessment,
        decision=Decision.PERSON if unusual.asks else Decision.PASS,
        observations=(*assessment.observations, *unusual.observations),
        warned=not unusual.asks,
    )


def _hopeless(failed: Sequence[str], order: Order, examination: Examination) -> str:
    """Say why another take would fail in the same way; "" if it may not."""
    rest = set(failed) - _OF_THE_MODEL
    if not rest:
        return _SAME_FORMAT
    size = examination.facts.get("width"), examination.facts.get("height")
    as_ordered = size == (order.width, order.height)
    return _SAME_SIZE if as_ordered and rest <= _OF_THE_ORDER else ""


def _facts(part: Findings) -> dict[str, Any]:
    """Keep of what was measured what other examinations need."""
    probe, facts = part.probe, dict[str, Any]()
    if probe is not None and probe.picture is not None:
        facts = {"width": probe.picture.width, "height": probe.picture.height}
    elif probe is not None and probe.video is not None:
        facts = {"width": probe.video.display_width, "height": probe.video.display_height}
    if part.measured is not None and part.measured.still is not None:
        facts["likeness"] = part.measured.still.likeness
    return facts


def _not_examined(reason: str) -> Finding:
    said = f"It was not examined: {reason}."
    advice = "Look at it yourself, or have it made again."
    return Finding("integrity", 1, Status.ERROR, Severity.CRITICAL, said, advice)


def _profile(asked: Technical, checks: Sequence[Check[Any]]) -> Profile:
    if asked.toml:
        return read_profile(asked.profile, asked.toml, checks)
    return load_profile(asked.profile, checks)


def _digest(profile: Profile, checks: Sequence[Check[Any]]) -> Sha256:
    """Name a profile's rules and the versions of the checks that are asked under them."""
    rules = {each.name: [each.version, repr(profile.rules.get(each.name))] for each in checks}
    return digest_of({"profile": profile.name, "rules": rules})


def _named(take: Take) -> str:
    return f"variant {take.variant}"


def _is_text(facts: AssetFacts | None) -> bool:
    return facts is not None and (
        facts.beginning is not None or facts.media_type.startswith("text/")
    )
