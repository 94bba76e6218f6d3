"""A film as a page: player, shots, what was said about it, and everything to take home."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse

from callsheet.delivery.links import FILM_FILES
from callsheet.jobs.model import Job
from callsheet.jobs.productions import Production
from callsheet.ports.film import FilmPlan, FilmShot, starts_of
from callsheet.reviews.model import Comment
from callsheet.web.comments import JobName
from callsheet.web.entry import Services, Viewer, prefix_of
from callsheet.web.home import ICON
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/films", tags=["home"])
_MOST_COMMENTS: Final = 200
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --faint: #777; --accent: #b4632a; --panel: #8881 }
@media (prefers-color-scheme: dark) { :root { --accent: #e8a86f; --faint: #999 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1180px;
  padding: 1.5rem 1.25rem 4rem }
a { color: var(--accent) } h1 { font-size: 1.7rem; margin: .6rem 0 0 }
h2 { font-size: 1rem; margin: 2.2rem 0 .7rem } .faint { color: var(--faint) }
video, .waiting { width: 100%; max-height: 72vh; background: #111; border-radius: 6px;
  display: block; margin-top: 1rem }
.waiting { padding: 4rem 1rem; text-align: center; color: #bbb }
.facts { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: .9rem 0 0; padding: 0;
  list-style: none } .facts b { font-weight: 600 }
.shots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr));
  padding: 0; margin: 0; list-style: none }
.shots li { border: 1px solid var(--line); border-radius: 6px; overflow: hidden }
.shots img, .shots .none { width: 100%; aspect-ratio: 16/9; object-fit: cover; display: block;
  background: #1b1d21 } .shots div { padding: .6rem .75rem .75rem }
.shots p { margin: .2rem 0 0 } .said { font-style: italic }
.remarks, .comments, .files { padding-left: 1.1rem } .files { columns: 2 }
.comments li { margin: .4rem 0 } del { opacity: .6 }
progress { width: 100%; height: .5rem }
"""


@router.get(
    "/{job}", response_class=HTMLResponse, responses=documented(401, 403, 404, 409, 422, 503)
)
async def film_page(job: JobName, request: Request, cs: Services, caller: Viewer) -> HTMLResponse:
    """Show a production: the film once it is made, its shots, and what was said about it."""
    found = await cs.views.jobs.find(caller.workspace, job)
    production = await cs.productions.of_job(caller.workspace, job)
    rows = [row async for page in cs.views.jobs.pages(found) for row in page]
    comments = await cs.reviews.comments(caller.workspace, job, limit=_MOST_COMMENTS)
    text = _page(cs, found, production, {row["scene_id"]: row for row in rows}, comments,
                 prefix_of(request))  # fmt: skip
    return HTMLResponse(text, headers={"Content-Security-Policy": _policy(cs)})


def _policy(cs: Callsheet) -> str:
    """Allow this page its own style, and films and pictures from where links lead to."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    public = urlsplit(cs.settings.public_url)
    ours = f"'self' {public.scheme}://{public.netloc}" if public.netloc else "'self'"
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src {ours} data:; media-src {ours};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _page(
    cs: Callsheet,
    job: Job,
    production: Production,
    rows: Mapping[str, Mapping[str, Any]],
    comments: Sequence[Comment],
    prefix: str,
) -> str:
    plan = production.plan
    links = cs.links.files(job.id, film=True) if production.film else {}
    refresh = "" if job.ended else '<meta http-equiv="refresh" content="3">'
    shots = "\n".join(_shot(plan, shot, rows.get(shot.id)) for shot in plan.shots)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(plan.title)} · callsheet</title>
<link rel="icon" href="{ICON}">{refresh}<style>{_STYLE}</style>
<a href="{prefix}/">callsheet</a>
<h1 dir="auto">{escape(plan.title)}</h1>
<p class="faint" dir="auto">{escape(str(production.brief.get("prompt", ""))[:600])}</p>
<main>{_player(job, links)}
{_facts(job, production)}{_listed("Remarks", "remarks", _remarks(production))}
<h2>Shots</h2><ol class="shots">
{shots}
</ol>{_listed("Comments", "comments", [_comment(each) for each in comments])}
{_listed("Files", "files", _files(links))}</main></html>
"""


def _player(job: Job, links: Mapping[str, str]) -> str:
    if not links:
        said = escape(str(job.problem["message"]) if job.problem else f"{job.work.stage} …")
        bar = f'<progress value="{job.progress:.3f}"></progress>'
        return f'<div class="waiting">{said}{"" if job.ended else bar}</div>'
    film, poster = escape(links["film.mp4"]), escape(links["poster.jpg"])
    return f'<video controls preload="metadata" src="{film}" poster="{poster}"></video>'


def _facts(job: Job, production: Production) -> str:
    film = production.film or {}
    facts = [("status", job.status), ("mode", job.run_mode.replace("_", " ")),
             ("cost", f"${job.cost.charged}")]  # fmt: skip
    if film:
        sound = film["sound"]
        facts += [
            ("length", f"{film['seconds']:g} s"),
            ("frame", f"{film['width']}×{film['height']}, {film['rate']} a second"),  # noqa: RUF001  # as sizes are written
            ("sound", f"{sound['loudness']:.1f} LUFS, {sound['true_peak']:.1f} dBTP"),
            ("cuts on beats", f"{sound['cuts_on_beats']} of {sound['cuts']}"),
        ]
    items = "".join(f"<li>{name} <b>{escape(str(value))}</b></li>" for name, value in facts)
    return f'<ul class="facts">{items}</ul>'


def _shot(plan: FilmPlan, shot: FilmShot, row: Mapping[str, Any] | None) -> str:
    cue = starts_of(plan)[shot.id]
    variant = (row or {}).get("variants", [{}])[0] if (row or {}).get("variants") else {}
    picture = '<span class="none"></span>'
    if variant.get("thumbnail"):
        picture = f'<img loading="lazy" alt="" src="{escape(variant["thumbnail"])}">'
    said = "".join(f'<p class="said" dir="auto">{escape(line.text)}</p>' for line in shot.lines)
    seen = f"{shot.size.replace('_', ' ')}, {str(shot.move).replace('_', ' ')}"
    long = f"{float(cue.start / plan.fps):.1f} s, {float(shot.frames / plan.fps):.1f} s long"
    return (
        f"<li>{picture}<div><b>{escape(shot.id)}</b> <span class='faint'>{long} · {seen}</span>"
        f'{said}<p dir="auto">{escape(shot.prompt)}</p></div></li>'
    )


def _remarks(production: Production) -> list[str]:
    return [
        f"{escape(str(each['severity']))}: <span dir='auto'>{escape(str(each['message']))}</span>"
        for each in production.remarks
    ]


def _comment(comment: Comment) -> str:
    text = f"<span dir='auto'>{escape(comment.said.text)}</span>"
    done = f"<del>{text}</del>" if comment.resolved_at else text
    where = f" · row {comment.row}" if comment.row else ""
    return f"<b>{escape(comment.author.name)}</b>{where}: {done}"


def _files(links: Mapping[str, str]) -> list[str]:
    return [
        f'<a href="{escape(url)}">{escape(name)}</a>'
        for name, url in links.items()
        if name in FILM_FILES or name == "contact-sheet.html"
    ]


def _listed(title: str, kind: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return (
        f'<h2>{title}</h2><ul class="{kind}">{"".join(f"<li>{each}</li>" for each in items)}</ul>'
    )
