"""The contact sheet as one HTML file that needs nothing else."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto;
  max-width: 1400px; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 0 .25rem } .sub { opacity: .7; margin: 0 0 1.5rem }
table { border-collapse: collapse; margin: 0 0 2rem } td, th { padding: .3rem .8rem;
  text-align: left;
  border-bottom: 1px solid var(--line) } td.n, th.n { text-align: right;
  font-variant-numeric: tabular-nums }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)) }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden }
figure .text { aspect-ratio: 4 / 3; box-sizing: border-box; padding: .8rem .9rem; overflow: hidden;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem; color: CanvasText;
  background: var(--soft) } figure a { color: inherit; text-decoration: none }
figure img, figure .none { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain;
  background: #1b1d21 } .none { color: #fff9; display: grid; place-items: center; padding: 1rem;
  box-sizing: border-box; text-align: center } figcaption { padding: .6rem .8rem }
figcaption b { display: block } figcaption p { margin: .2rem 0 0;
  display: -webkit-box; overflow: hidden;
  -webkit-line-clamp: 3; -webkit-box-orient: vertical; font-size: .87rem; opacity: .8 }
.chip { float: right; font-size: .75rem; padding: .1rem .5rem; border-radius: 99px;
  background: var(--soft) }
.failed .chip { background: #c0392b; color: #fff }
.doubtful .chip { background: #9a6700; color: #fff }
"""

_KINDS: Final = {
    "failed": "failed",
    "rejected": "failed",
    "warning": "doubtful",
    "to be looked at": "doubtful",
}


def contact_sheet_page(
    title: str,
    subtitle: str,
    totals: Sequence[tuple[str, str]],
    cells: Sequence[Mapping[str, Any]],
) -> str:
    """Write the page.

    A cell is {title, caption, status, picture: bytes or None, type: the picture's, text, link}.
    """
    figures = "\n".join(_figure(cell) for cell in cells)
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=n>{escape(value)}</td></tr>"
        for name, value in totals
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)} - contact sheet</title><style>{_STYLE}</style>
<h1>{escape(title)}</h1><p class="sub">{escape(subtitle)}</p>
<table>{rows}</table>
<div class="grid">
{figures}
</div>
</html>
"""


def _figure(cell: Mapping[str, Any]) -> str:
    status = escape(str(cell["status"]))
    if cell.get("text"):
        shown = f'<div class="text" dir="auto">{escape(cell["text"])}</div>'
    elif cell["picture"] is None:
        shown = f'<div class="none">{status}</div>'
    else:
        data = base64.b64encode(cell["picture"]).decode()
        shown = f'<img alt="" loading="lazy" src="data:{cell["type"]};base64,{data}">'
    if cell.get("link"):
        shown = f'<a href="{escape(cell["link"], quote=True)}">{shown}</a>'
    kind = _KINDS.get(status, "made")
    return (
        f'<figure class="{kind}">{shown}<figcaption><span class="chip">{status}</span>'
        f'<b dir="auto">{escape(cell["title"])}</b><p dir="auto">{escape(cell["caption"])}</p>'
        f"</figcaption></figure>"
    )
