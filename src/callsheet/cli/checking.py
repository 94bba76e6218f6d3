"""`callsheet check` and `callsheet probe`: files on disk, with no server and no database."""

import asyncio
import json as json_text
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from callsheet.checks.registry import all_checks, meter_modules
from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.sources import opened_file
from callsheet.ports.checks import Order
from callsheet.ports.findings import Finding, Severity, Status, clock
from callsheet.ports.measuring import Medium, Probe, UnreadableMediaError
from callsheet.quality.documents import findings_document, probe_document
from callsheet.quality.examining import Examiner, Findings, unreadable
from callsheet.quality.model import Decision, verdict_of
from callsheet.quality.profiles import DEFAULT, Profile, load_profile
from callsheet.quality.report import FileReport, page_beginning, page_end, page_part

_AHEAD: Final = 2  # files more than there are processes, so that none waits
_MARKS: Final = {
    Status.PASS: ("pass", typer.colors.GREEN),
    Status.WARN: ("warn", typer.colors.YELLOW),
    Status.FAIL: ("FAIL", typer.colors.RED),
    Status.ERROR: ("ERROR", typer.colors.RED),
    Status.NOT_ASSESSED: ("look", typer.colors.YELLOW),
}
_TOLD: Final = frozenset(_MARKS) - {Status.PASS}
_ORDER_KEYS: Final = ("size", "duration_s", "rate", "alpha", "lettering", "music", "voice")

Files = Annotated[
    list[Path], typer.Argument(help="Clips, sounds and pictures.", show_default=False)
]


def check(
    files: Files,
    profile: Annotated[
        str, typer.Option(help="Tolerances: a name, or the path of a TOML file.")
    ] = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, a line for each file.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with a picture at each finding.")
    ] = None,
    order: Annotated[
        list[str] | None,
        typer.Option(help="What was asked for: size=1280x720, duration_s=8, rate=24, music=no."),
    ] = None,
) -> None:
    """Examine files by measurement; exit 1 if one fails.

    Needs no server and no database. Each file is decoded in a locked-down process.
    """
    asked = read_order(order or [])
    printer = _JsonPrinter() if json else _LinePrinter()
    failed = asyncio.run(_check_all(files, profile, asked, printer, html))
    if failed:
        raise typer.Exit(1)


def probe(
    file: Annotated[Path, typer.Argument(help="A clip, a sound or a picture.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a file is: container, streams, exact rates, true bit rates, colour, durations."""

    async def work() -> Probe:
        async with AsyncExitStack() as stack:
            inspector = ProcessInspector(1)
            stack.push_async_callback(inspector.close)
            return await inspector.probe(stack.enter_context(opened_file(file)))

    document = probe_document(asyncio.run(work()))
    if json:
        typer.echo(json_text.dumps(document, indent=2))
        return
    for name, value in _flat(document):
        typer.echo(f"{name:<28}{value}")


def read_order(pairs: Iterable[str]) -> Order:
    """Read what was asked for. Raises InvalidInputError that names the key."""
    order = Order()
    for pair in pairs:
        key, _, value = pair.partition("=")
        try:
            order = _ordered(order, key.strip(), value.strip())
        except (ValueError, ZeroDivisionError, KeyError) as error:
            hint = f"write one of {', '.join(_ORDER_KEYS)}, as in size=1280x720 or music=no"
            said = f"--order {pair!r} cannot be read; {hint}"
            raise InvalidInputError(said, [FieldError("order", hint, pair)]) from error
    return order


def _ordered(order: Order, key: str, value: str) -> Order:
    if key == "size":
        width, height = (int(side) for side in value.lower().split("x"))
        return replace(order, width=width, height=height)
    if key == "rate":
        return replace(order, rate=Fraction(value))
    if key == "duration_s":
        return replace(order, duration_s=float(value))
    if key not in _ORDER_KEYS:
        raise KeyError(key)
    said: dict[str, Any] = {key: {"yes": True, "no": False}[value.lower()]}
    return replace(order, **said)


@dataclass(slots=True)
class _Outcome:
    """What became of one file."""

    name: str
    probe: Probe | None = None
    findings: list[Finding] = field(default_factory=list)
    pictures: dict[int, bytes] = field(default_factory=dict)


Told = Callable[[str, Findings], None]


class _LinePrinter:
    """Prints lines for people: a head for each file, what is wrong, and what passed in one line."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._name = ""

    def told(self, name: str, part: Findings) -> None:
        """Print findings as soon as they are known."""
        if name != self._name:
            self._name = name
            kind = f"  ({in_short(part.probe)})" if part.probe else ""
            typer.echo(f"{self._styled(_line(name), bold=True)}{kind}")
        for finding in part.found:
            if finding.status in _TOLD and _matters(finding):
                self._print(finding)
        passed = [each.check for each in part.found if each.status is Status.PASS]
        if passed:
            typer.echo(f"  {self._mark(Status.PASS)}  {', '.join(passed)}")
        sys.stdout.flush()

    def ended(self, outcome: _Outcome) -> None:
        """Print what all of it says."""
        verdict = verdict_of(outcome.findings)
        because = f": {', '.join(verdict.because)}" if verdict.because else ""
        words = {Decision.PERSON: "somebody must look"}.get(verdict.decision, str(verdict.decision))
        typer.echo(f"  => {words}{because}\n")

    def summed_up(self, outcomes: dict[Decision, int]) -> None:
        """Print how many files came to what."""
        if sum(outcomes.values()) > 1:
            counts = (f"{count} {decision}" for decision, count in outcomes.items() if count)
            typer.echo(f"{sum(outcomes.values())} files: {', '.join(counts)}")

    def _print(self, finding: Finding) -> None:
        when = "" if finding.at is None else f"  [{clock(finding.at[0])}-{clock(finding.at[1])}]"
        typer.echo(
            f"  {self._mark(finding.status)}  {finding.check:<15} {_line(finding.sentence)}{when}"
        )
        wanted = f" (wanted {finding.tolerance})" if finding.tolerance else ""
        if finding.advice:
            typer.echo(f"        {'':<15} {_line(finding.advice)}{wanted}")

    def _mark(self, status: Status) -> str:
        mark, colour = _MARKS[status]
        return self._styled(f"{mark:<5}", fg=colour)

    def _styled(self, text: str, fg: str | None = None, *, bold: bool = False) -> str:
        return typer.style(text, fg=fg, bold=bold) if self._colour else text


class _JsonPrinter:
    """Prints a line of JSON for each file."""

    def told(self, name: str, part: Findings) -> None:
        """Wait for the whole."""

    def ended(self, outcome: _Outcome) -> None:
        """Print one file."""
        probe = probe_document(outcome.probe) if outcome.probe else None
        document = {"file": outcome.name, **findings_document(outcome.findings), "probe": probe}
        typer.echo(json_text.dumps(document))
        sys.stdout.flush()

    def summed_up(self, outcomes: dict[Decision, int]) -> None:
        """Say no more."""


Printer = _LinePrinter | _JsonPrinter


async def _check_all(
    files: list[Path], rules: str, order: Order, printer: Printer, html: Path | None
) -> bool:
    """Examine files, several at once, and tell of them in their order; True if one failed."""
    inspector = ProcessInspector(meters=meter_modules())
    starting = asyncio.create_task(inspector.start())
    await asyncio.sleep(0)  # the process starts while checks are loaded
    outcomes = dict.fromkeys(Decision, 0)
    broken, page = False, None
    try:
        profile = load_profile(rules, all_checks())
        page = _page(html, profile)
        await starting
        examiner = Examiner(inspector, all_checks(), profile)
        work = _Work(examiner, inspector, order, with_pictures=page is not None)
        async for outcome in _in_order(files, work, printer, len(inspector.workers) + _AHEAD):
            outcomes[verdict_of(outcome.findings).decision] += 1
            broken = broken or any(each.status is Status.ERROR for each in outcome.findings)
            if page is not None:
                kind = in_short(outcome.probe) if outcome.probe else ""
                page.write(
                    page_part(FileReport(outcome.name, kind, outcome.findings, outcome.pictures))
                )
    finally:
        starting.cancel()
        await inspector.close()
        if page is not None:
            page.write(page_end())
            page.close()
    printer.summed_up(outcomes)
    return broken or outcomes[Decision.FAIL] > 0


def _page(html: Path | None, profile: Profile) -> TextIO | None:
    if html is None:
        return None
    try:
        page = html.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        said = f"--html {html}: it cannot be written ({error.strerror})"
        raise InvalidInputError(said, [FieldError("html", str(error), str(html))]) from error
    page.write(page_beginning("callsheet check", profile))
    return page


@dataclass(frozen=True, slots=True)
class _Work:
    """Examines one file."""

    examiner: Examiner
    inspector: ProcessInspector
    order: Order
    with_pictures: bool

    async def parts(self, path: Path, outcome: _Outcome) -> AsyncIterator[Findings]:
        """Yield findings as they become known, and gather them."""
        try:
            with opened_file(path) as file:
                async for part in self.examiner.examine(file, path.name, self.order):
                    outcome.probe = part.probe
                    outcome.findings += part.found
                    yield part
                if self.with_pictures and outcome.probe is not None:
                    wanted = {
                        place: each.worst or 0.0
                        for place, each in enumerate(outcome.findings)
                        if each.status in _TOLD and _can_be_shown(each, outcome.probe)
                    }
                    shown = await self.inspector.stills(file, outcome.probe, list(wanted.values()))
                    outcome.pictures = dict(zip(wanted, shown, strict=True))
        except UnreadableMediaError as error:
            outcome.findings.append(unreadable(error))
            yield Findings(outcome.findings[-1:])
        except CallsheetError as error:
            finding = Finding(
                "integrity", 1, Status.ERROR, Severity.CRITICAL, f"It was not examined: {error}."
            )
            outcome.findings.append(finding)
            yield Findings([finding])


async def _in_order(
    files: Iterable[Path], work: _Work, printer: Printer, most: int
) -> AsyncIterator[_Outcome]:
    """Have up to `most` files examined at once; the first in line is told of as it goes."""
    waiting: deque[tuple[_Outcome, asyncio.Queue[Findings | None], asyncio.Task[None]]] = deque()
    left = iter(files)

    def begin() -> None:
        path = next(left, None)
        if path is None:
            return
        outcome, parts = _Outcome(str(path)), asyncio.Queue[Findings | None]()

        async def go() -> None:
            try:
                async for part in work.parts(path, outcome):
                    parts.put_nowait(part)
            finally:
                parts.put_nowait(None)

        waiting.append((outcome, parts, asyncio.create_task(go())))

    try:
        for _ in range(most):
            begin()
        while waiting:
            outcome, parts, task = waiting[0]
            while (part := await parts.get()) is not None:
                printer.told(outcome.name, part)
            await task
            waiting.popleft()
            printer.ended(outcome)
            yield outcome
            begin()
    finally:
        for _, _, task in waiting:
            task.cancel()


def _can_be_shown(finding: Finding, probe: Probe) -> bool:
    return probe.medium is Medium.IMAGE or finding.worst is not None


def _matters(finding: Finding) -> bool:
    """Leave out what nobody can do anything about."""
    return finding.status is not Status.NOT_ASSESSED or finding.severity is not Severity.INFO


def in_short(probe: Probe) -> str:
    """Say in a line what a file is."""
    video, audio, picture = probe.video, probe.audio, probe.picture
    parts = [probe.container]
    if picture:
        parts.append(f"{picture.width}x{picture.height} {picture.mode}")
    if video:
        rate = f" {float(video.rate):.5g} fps" if video.rate else ""
        parts.append(f"{video.codec} {video.display_width}x{video.display_height}{rate}")
    if audio:
        parts.append(f"{audio.codec} {audio.sample_rate} Hz {audio.layout}")
    length = video.duration_s if video else audio.duration_s if audio else None
    if length is not None:
        parts.append(f"{length:.2f} s")
    return ", ".join(parts)


def _flat(document: object, prefix: str = "") -> Iterable[tuple[str, str]]:
    """Yield dotted names and values of a document."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else name)
    elif document is not None and document != []:
        shown = ", ".join(map(str, document)) if isinstance(document, list) else str(document)
        yield prefix, _line(shown)


def _line(text: str) -> str:
    """Keep what a stranger wrote from moving about on a terminal."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
