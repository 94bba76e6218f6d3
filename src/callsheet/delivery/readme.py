"""README.html of a package: what it holds and how to check it, with nothing from any network."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882 }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; overflow-wrap: anywhere }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.sub { opacity: .7; margin: 0 0 1.2rem } table { border-collapse: collapse }
td { padding: .25rem 1rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
.warn { border-left: 4px solid #c0392b; background: var(--soft); padding: .6rem 1rem;
  margin: 1rem 0; overflow-wrap: anywhere } .warn ul { margin: .4rem 0 0; padding-left: 1.2rem }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)) }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden }
figure img, figure .none { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain;
  background: #1b1d21 } .none { color: #fff9; display: grid; place-items: center }
figcaption { padding: .5rem .7rem; font-size: .85rem; overflow-wrap: anywhere }
figcaption b { display: block; font-size: .95rem } figcaption small { opacity: .75 }
code, pre { font: 13px/1.5 ui-monospace, monospace } pre { background: var(--soft);
  padding: .7rem 1rem; border-radius: 6px; overflow-x: auto }
"""
_CHECK: Final = """<h2>Check it</h2>
<p>Every file is listed with its digest, twice: as a BagIt bag (RFC 8493, SHA-256) and as an ASC MHL
history (C4). In this folder:</p>
<pre>sha256sum --check manifest-sha256.txt tagmanifest-sha256.txt
bagit.py --validate .
ascmhl-debug verify .</pre>
"""


@dataclass(frozen=True, slots=True)
class Overridden:
    """Somebody let files leave that rules refuse: who, when, why, and what was refused."""

    by: str
    at: str
    reason: str
    refusals: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as the page shows it; `proxy` is the path of a small picture of it, if any."""

    title: str
    caption: str
    told: str
    path: str
    proxy: str | None


def readme_lines(
    title: str,
    subtitle: str,
    facts: Iterable[tuple[str, str]],
    files: Iterable[Shown],
    *,
    missing: Sequence[str] = (),
    overridden: Sequence[Overridden] = (),
) -> Iterator[str]:
    """Write the page, piece by piece; `missing` says what is not there, and why."""
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        f'<h1 dir="auto">{escape(title)}</h1><p class="sub">{escape(subtitle)}</p>\n'
    )
    for each in overridden:
        yield _override(each)
    if missing:
        yield f'<div class="warn"><b>Not in this package</b>{_list(missing)}</div>\n'
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(said)}</td></tr>" for name, said in facts
    )
    yield f'<table>{rows}</table>\n<h2>Files</h2>\n<div class="grid">\n'
    for shown in files:
        yield _figure(shown)
    yield f"</div>\n{_CHECK}</body></html>\n"


def _override(each: Overridden) -> str:
    return (
        f'<div class="warn"><b>Released by {escape(each.by)} on {escape(each.at)} against the '
        f"rules</b><br>Reason: {escape(each.reason)}{_list(each.refusals)}</div>\n"
    )


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _figure(shown: Shown) -> str:
    picture = '<div class="none">no picture</div>'
    if shown.proxy:
        picture = f'<img alt="" loading="lazy" src="{quote(shown.proxy)}">'
    return (
        f'<figure><a href="{quote(shown.path)}">{picture}</a><figcaption>'
        f'<b dir="auto">{escape(shown.title)}</b><span dir="auto">{escape(shown.caption)}</span>'
        f"<br><small>{escape(shown.told)}</small></figcaption></figure>\n"
    )
