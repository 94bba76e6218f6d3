"""`callsheet produce`: a brief becomes a film in a folder."""

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from callsheet.cli.handing_over import hand_over, make_folder
from callsheet.cli.money import read_budget
from callsheet.cli.output import facts, out_json, out_table, readable, say
from callsheet.cli.session import run_command
from callsheet.cli.sheets import Switch, exit_code, read_quality
from callsheet.cli.watching import InterruptedError130, interruptible, pause_and_exit, watch_job
from callsheet.jobs.model import Job
from callsheet.jobs.productions import Production
from callsheet.kernel.counting import how_many
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.pipeline import PERSON
from callsheet.line.productions import Planned, production_document
from callsheet.planning.briefs import MOST_BYTES, read_brief
from callsheet.planning.errors import BriefError
from callsheet.quality.asked import SETTING
from callsheet.wiring import Callsheet


class FilmGate(StrEnum):
    """The gates of a production."""

    SCRIPT = "script"
    BUDGET = "budget"
    REVIEW = "review"


def produce(  # one for each option
    brief: Annotated[str, typer.Argument(help="The story in words, or a file that holds it.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the film.")] = None,
    duration: Annotated[float | None, typer.Option(help="Seconds, 5 to 600.")] = None,
    ratio: Annotated[str | None, typer.Option(help="Shape, such as 16:9 or 9:16.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the film.")] = None,
    style: Annotated[str | None, typer.Option(help="Style, in words.")] = None,
    height: Annotated[int | None, typer.Option(help="Pixels of the shorter side.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Quick and small, to look at.")] = False,
    voice_over: Annotated[
        str | None, typer.Option(help="What the narrator says; `none` for silence.")
    ] = None,
    music: Annotated[str | None, typer.Option(help="The music's mood; `none` for none.")] = None,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Show scenes, shots and price; make nothing.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Spend; without it, preview.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")] = False,
    model: Annotated[str, typer.Option(help="Model of the stills, in a live run.")] = "",
    budget: Annotated[str, typer.Option(help="Most it may spend, in US dollars.")] = "",
    gate: Annotated[
        list[FilmGate] | None,
        typer.Option(help="Wait there until a person approves; again for each."),
    ] = None,
    quality: Annotated[
        Switch | None,
        typer.Option(help="Examine what is made; live runs do, unless this is off."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number, another plan.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a film from a brief: a dry run, drawn and spoken here, unless --live."""
    bound = read_budget(budget) if budget else None
    more = {
        "duration_s": duration,
        "aspect_ratio": ratio,
        "title": title,
        "style": style,
        "height": height or (360 if draft else None),
        "quality": "draft" if draft else None,
        "voice_over": voice_over,
        "music": music,
    }

    async def work(cs: Callsheet) -> int:
        read = read_brief(_content(brief), more)
        planned = cs.productions.plan(read, seed=seed, live=live, model=model)
        total = (await cs.submission.price(planned.draft)).total
        if plan_only:
            _show_plan(planned, str(total), as_json=json)
            return 0
        for remark in planned.production.remarks:
            say(f"{remark['severity']}: {remark['message']}")
        if live and not yes:
            shots = how_many(len(planned.draft.rows), "shot")
            typer.confirm(f"{shots}, quoted ${total}. Spend this?", abort=True, err=True)
        folder = out or Path("build") / _slug(planned.production.plan.title)
        make_folder(folder)
        accepted = await cs.productions.submit(
            LOCAL_WORKSPACE,
            planned,
            budget=bound,
            settings={
                "out": readable(str(folder)),
                **({"gates": dict.fromkeys((each.value for each in gate), PERSON)} if gate else {}),
                SETTING: read_quality(quality, "", None),
            },
        )
        with interruptible(cs) as stop:
            async with cs.at_work(say):
                try:
                    job = await watch_job(cs, LOCAL_WORKSPACE, accepted.job, stop, quiet=json)
                except InterruptedError130:
                    await pause_and_exit(cs, LOCAL_WORKSPACE, accepted.job)
                    return 130
                await hand_over(cs, job, folder)
        made = await cs.productions.of_job(LOCAL_WORKSPACE, job.id)
        _report(job, made, folder, as_json=json)
        return exit_code(job)

    sys.exit(run_command(work))


def _content(brief: str) -> bytes | str:
    """Take the words, or read the file that is named. Raises BriefError."""
    path = Path(brief)
    if len(brief) > 300 or "\n" in brief or not path.suffix:  # noqa: PLR2004  # no file's name
        return brief
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BriefError("brief", f"at most {MOST_BYTES:,} bytes", path)
        return path.read_bytes()
    except FileNotFoundError:
        if " " in brief:
            return brief
        raise BriefError(
            "brief", "there is no such file; write the story in quotes", brief
        ) from None
    except OSError as error:
        raise BriefError("brief", error.strerror or "cannot be read", brief) from error


def _slug(title: str) -> str:
    words = re.findall(r"\w+", title.lower())
    return "-".join(words)[:60] or "film"


def _show_plan(planned: Planned, total: str, *, as_json: bool) -> None:
    production = planned.production
    if as_json:
        out_json({**production_document(production), "quote": {"total": total}})
        return
    plan = production.plan
    rows = [
        [
            shot.id,
            f"{float(shot.frames / plan.fps):.1f} s",
            shot.size.replace("_", " "),
            str(shot.move).replace("_", " "),
            " ".join(line.text for line in shot.lines) or "-",
            shot.prompt,
        ]
        for shot in plan.shots
    ]
    out_table(plan.title, ["shot", "long", "size", "camera", "said", "shown"], rows)
    facts({"price": f"${total}", "frame": f"{plan.width}x{plan.height}, {plan.rate} a second"})
    for remark in production.remarks:
        say(f"{remark['severity']}: {remark['message']}")


def _report(job: Job, made: Production, folder: Path, *, as_json: bool) -> None:
    film: dict[str, Any] = dict(made.film or {})
    path = folder / "film.mp4"
    if as_json:
        out_json(
            {
                "job": job.id,
                "status": job.status,
                "charged": str(job.cost.charged),
                "film": {**film, "path": str(path)} if film else None,
                "out": str(folder),
            }
        )
        return
    for remark in made.remarks:
        say(f"{remark['severity']}: {remark['message']}")
    told = {"job": f"{job.id}  {job.status}", "cost": f"${job.cost.charged} charged"}
    if film:
        drawn = f", {how_many(len(film['drawn']), 'shot')} drawn here" if film["drawn"] else ""
        told |= {
            "film": f"{film['seconds']:g} s, {film['width']}x{film['height']},"
            f" {how_many(film['shots'], 'shot')}{drawn}",
            "sound": f"{film['sound']['loudness']:.1f} LUFS, {film['sound']['cuts_on_beats']} of"
            f" {film['sound']['cuts']} cuts on beats",
        }
    facts({**told, "folder": str(folder), **({"watch": str(path)} if path.exists() else {})})
