"""The plain page on `/`: what this is, and the newest jobs with their contact sheets."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from itertools import repeat
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse

import callsheet
from callsheet.jobs.model import DONE, Job, JobKind
from callsheet.kernel.counting import how_many
from callsheet.views.providers import Hindrance
from callsheet.web.entry import Services, Viewer, prefix_of
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(tags=["home"])
_SHOWN: Final = 12
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8883; --accent: #3a6ea5 }
body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto;
  max-width: 1080px; padding: 0 1.25rem }
h1 { font-size: 1.9rem; margin: 0 } header p { margin: .3rem 0 0; opacity: .75; max-width: 46rem }
nav { margin: 1rem 0 2rem; display: flex; gap: 1.2rem; flex-wrap: wrap } a { color: var(--accent) }
@media (prefers-color-scheme: dark) { :root { --accent: #8fbfee } }
.jobs { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)) }
.job { border: 1px solid var(--line); border-radius: 10px; overflow: hidden }
.job .sheet { display: block; height: 190px; background: #1b1d21; overflow: hidden }
.job .sheet img { width: 100%; display: block } .job .text { padding: .8rem 1rem }
.job h2 { font-size: 1.05rem; margin: 0 } .job p { margin: .25rem 0 0;
  font-size: .9rem; opacity: .8 }
progress { width: 100%; height: .5rem } pre { background: #8882; padding: .9rem 1rem;
  border-radius: 8px; overflow-x: auto }
"""


@router.get("/", response_class=HTMLResponse, responses=documented(401, 403, 503))
async def home(request: Request, cs: Services, caller: Viewer) -> HTMLResponse:
    """Show the newest batches with their contact sheets, and films, as a page."""
    newest = cs.views.jobs.newest
    jobs = await newest(caller.workspace, _SHOWN, kind=JobKind.BATCH)
    jobs += await newest(caller.workspace, _SHOWN, kind=JobKind.PRODUCTION)
    jobs = sorted(jobs, key=lambda job: job.times.created_at, reverse=True)[:_SHOWN]
    waits = [await cs.views.providers.hindering(job) for job in jobs]
    text = page(cs, jobs, waits, prefix_of(request))
    return HTMLResponse(text, headers={"Content-Security-Policy": _policy(cs)})


def _policy(cs: Callsheet) -> str:
    """Allow this page its own style, and pictures from where links lead to."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    public = urlsplit(cs.settings.public_url)
    pictures = f"'self' {public.scheme}://{public.netloc}" if public.netloc else "'self'"
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src {pictures} data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page(
    cs: Callsheet, jobs: Sequence[Job], waits: Sequence[Sequence[Hindrance]], prefix: str
) -> str:
    """Write the page; `waits` says of each job what keeps it from going on."""
    cards = "\n".join(map(_card, repeat(cs), jobs, waits, repeat(prefix))) or _EMPTY
    reload = any(not job.ended for job in jobs)
    refresh = '<meta http-equiv="refresh" content="3">' if reload else ""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>callsheet</title><link rel="icon" href="{ICON}">{refresh}<style>{_STYLE}</style>
<header><h1>callsheet</h1><p>A production line for AI-generated media. Rows of a sheet go in;
approved, quality-checked, costed pictures come out. Version {escape(callsheet.__version__)}.</p>
</header>
<nav><a href="{prefix}/openapi.json">API (OpenAPI)</a><a href="{prefix}/health">Health</a>
<a href="{prefix}/metrics">Metrics</a><a href="{prefix}/api/models">Models</a></nav>
<main class="jobs">
{cards}
</main>
</html>
"""


ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect y='5' width='16' height='10' rx='2' fill='%23345'/%3E"
    "%3Cpath d='M0 4 15 1l.5 2L.5 6z' fill='%23c84'/%3E%3C/svg%3E"
)
_EMPTY: Final = """<div><p>No batch yet. Send one:</p><pre>callsheet run examples/launch.csv</pre>
<pre>curl -F file=@examples/launch.csv http://127.0.0.1:9090/batch/upload</pre></div>"""


def _card(cs: Callsheet, job: Job, waits: Sequence[Hindrance], prefix: str) -> str:
    counts = job.tally.takes
    made = f"{counts.succeeded} of {counts.total} made"
    facts = f"{how_many(job.tally.rows, 'row')} · {made} · ${job.cost.charged}"
    reasons = [str(job.problem["message"])] if job.problem else [str(each) for each in waits]
    problem = "".join(f"<p>{escape(each)}</p>" for each in reasons)
    sheet = '<span class="sheet"></span>'
    is_film = job.kind is JobKind.PRODUCTION
    film = f"{prefix}/films/{job.id}"
    if job.work.stage == DONE:
        files = cs.links.files(job.id, film=is_film)
        shown = files["poster.jpg" if is_film else "contact-sheet.png"]
        sheet = (
            f'<a class="sheet" href="{film if is_film else escape(files["contact-sheet.html"])}">'
            f'<img loading="lazy" alt="" src="{escape(shown)}"></a>'
        )
        tables = f'<a href="{escape(files["results.csv"])}">CSV</a> · '
        links = f'<p>{tables}<a href="{escape(files["results.xlsx"])}">Excel</a></p>'
    else:
        links = f'<progress value="{job.progress:.3f}"></progress>'
    links += f'<p><a href="{film}">Film page</a></p>' if is_film else ""
    return (
        f'<article class="job">{sheet}<div class="text"><h2 dir="auto">'
        f"{escape(job.name or job.id)}</h2><p>{escape(job.status)} · {escape(job.run_mode)} · "
        f"{job.times.created_at:%Y-%m-%d %H:%M} UTC</p><p>{facts}</p>{problem}{links}"
        "</div></article>"
    )
