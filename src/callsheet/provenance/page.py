"""The evidence of one asset as one HTML page: it needs nothing else, and nothing in it runs."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from callsheet.ports.models import IN_PROCESS

Pictures = Mapping[str, tuple[str, bytes]]  # media type and bytes, by the asset shown
Document = Mapping[str, Any]

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8883; --soft: #8881;
  --dim: color-mix(in srgb, CanvasText 64%, Canvas);
  --good: #24924a; --bad: #d1453b }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem;
  padding: 2rem 1.2rem }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line) }
.dim { color: var(--dim) } .sub { color: var(--dim); margin: 0 0 1.4rem; overflow-wrap: anywhere }
.verdict { display: flex; gap: .8rem; align-items: baseline; padding: .7rem .9rem;
  margin: 0 0 1.4rem; border: 1px solid var(--line); border-left: 5px solid var(--bad);
  border-radius: 6px }
.verdict.good { border-left-color: var(--good) }
.verdict b { text-transform: uppercase; letter-spacing: .04em; font-size: .85rem;
  color: var(--bad) }
.verdict.good b { color: var(--good) }
.top { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 1.6rem }
@media (max-width: 46rem) { .top { grid-template-columns: 1fr } }
.top img { display: block; width: 100%; border-radius: 6px; background: var(--soft) }
.text { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: 1rem;
  border-radius: 6px }
dl { margin: 0; display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1rem }
dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
code { font: .84em/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
ol.chain { list-style: none; margin: 0; padding: 0 }
ol.chain > li { padding: .5rem 0 .5rem 1.4rem; margin-left: .5rem; position: relative;
  border-left: 2px solid var(--line) }
.step { display: flex; gap: 1rem; padding: .3rem 0 }
ol.chain > li::before { content: ""; position: absolute; left: -6px; top: 1.2rem; width: 10px;
  height: 10px; border-radius: 50%; background: Canvas; border: 2px solid var(--dim) }
ol.chain img { width: 88px; height: 66px; object-fit: cover; border-radius: 4px; flex: none }
ol.chain b { display: block }
hr { border: 0; border-top: 1px solid var(--line); margin: .9rem 0 }
table { border-collapse: collapse; width: 100%; margin-top: .8rem }
td, th { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: 500; color: var(--dim) }
footer { margin-top: 2.4rem; color: var(--dim); font-size: .88rem }
@media print { body { padding: 0; font-size: 11pt }
  h2 { break-after: avoid } li { break-inside: avoid } }
"""
_SAID: Final = {
    "trainedAlgorithmicMedia": "Made by a trained model",
    "compositeWithTrainedAlgorithmicMedia": "Composed of pictures, parts of it by a trained model",
    "composite": "Composed of pictures, by no model that is known",
    "algorithmicMedia": "Drawn by a program that is no trained model",
}
_QUALITY: Final = {
    "pass": "Every check that was done passed.",
    "warn": "Checks found something to look at.",
    "fail": "A check failed.",
    "needs_human": "No check has assessed this file for certain.",
}
_ROLES: Final = {
    "signed_from": "The file as it was before it was signed",
    "sidecar_of": "The file that this manifest lies beside",
}
_MIB: Final = 1 << 20


def evidence_page(document: Document, pictures: Pictures) -> str:
    """Write the page of an evidence document."""
    asset = document["asset"]
    title = f"Evidence for {asset['sha256'][:16]}…"
    good = " good" if document["holds"] else ""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{_STYLE}</style>
<h1>{escape(title)}</h1>
<p class="sub">{escape(_kind(asset))}, made {escape(_day(asset["createdAt"]))}</p>
<p class="verdict{good}"><b>{escape(document["verdict"])}</b>
<span>{escape(_sentence(document["reason"]))}</span></p>
<div class="top"><div>{_shown(asset, pictures)}</div><div>{_facts(_summary(document))}</div></div>
<h2>How it came about</h2>{_chain(document, pictures)}
<h2>Takes</h2>{_takes(document["takes"])}
<h2>Decisions of people</h2>{_decisions(document["decisions"])}
<h2>Checks</h2><p>{escape(_QUALITY.get(str(document["quality"]), "Nothing is known."))}</p>
<h2>Content credentials</h2>{_manifest(document["manifest"])}
<h2>Hashes</h2>{_facts(_hashes(document))}
<footer>Verify the file itself with <code>callsheet provenance verify FILE</code>, or with any
reader of C2PA. Who signs with a chain of their own is known to those alone who were given its root;
the public list of signers says nothing of it.</footer>
</html>
"""


def _summary(document: Document) -> Iterator[tuple[str, str]]:
    """Say in a few lines what people ask first."""
    manifest = document["manifest"] or {}
    kinds = [each.rpartition("/")[2] for each in manifest.get("source_types", ())]
    if not kinds:
        own = _own_signatures(document)[-1:]
        kinds = [each["digitalSourceType"].rpartition("/")[2] for each in own]
    for kind in kinds:
        yield "What it is", escape(_SAID.get(kind, kind))
        yield "IPTC", f"<code>{escape(kind)}</code>"
    for take in document["takes"][:1]:
        yield "Model", escape(take["model"])
        yield "Provider", escape(take["provider"])
        yield "Finished", escape(_moment(take["finishedAt"]))
        yield "Charged", escape(f"${take['charged']}")
    if manifest:
        yield "Signed by", escape(manifest["signer"] or manifest["issuer"])
        yield "Organisation", escape(manifest["issuer"])
    for signature in _own_signatures(document)[-1:]:
        yield "Signed", escape(_moment(signature["signedAt"]))
    approved = [each for each in document["decisions"] if each["choice"] != "reject"]
    for decision in approved[-1:]:
        yield "Approved by", escape(decision["by"])


def _chain(document: Document, pictures: Pictures) -> str:
    """Draw the way from the file back to what it was made from, what that was made from within."""
    takes = {each["take"]: each for each in document["takes"]}
    seen: set[str] = set()

    def below(sha256: str) -> str:
        if sha256 in seen:
            return ""
        seen.add(sha256)
        steps = [step(fact) for fact in document["chain"] if fact["asset"] == sha256]
        return f'<ol class="chain">{"".join(steps)}</ol>' if steps else ""

    def step(fact: Document) -> str:
        name = fact["madeFrom"]
        if fact["kind"] == "take":
            take = takes.get(name)
            said = _moment(take["finishedAt"]) if take else ""
            return _step(f"Made by {_maker(take) if take else name}", "", said, pictures)
        if fact["kind"] == "reference":
            return _step("Given to callsheet as", "", name, pictures)
        known = document["assets"].get(name)
        role = _ROLES.get(fact["role"]) or f"Reference, used as {fact['role'] or 'a guide'}"
        said = _kind(known) if known else "not in this workspace any more"
        return _step(role, name, said, pictures, below(name))

    asset = document["asset"]
    first = _step("This file", asset["sha256"], _kind(asset), pictures, below(asset["sha256"]))
    return f'<ol class="chain">{first}</ol>'


def _step(title: str, sha256: str, said: str, pictures: Pictures, within: str = "") -> str:
    name = f"<br><code>{escape(sha256)}</code>" if sha256 else ""
    return (
        f"<li><div class=step>{_image(sha256, pictures)}<div><b>{escape(title)}</b>"
        f'<span class="dim">{escape(said)}</span>{name}</div></div>{within}</li>'
    )


def _maker(take: Document) -> str:
    if take["provider"] in IN_PROCESS:
        return f"{take['model']}, in callsheet itself"
    return f"{take['model']} at {take['provider']}"


def _takes(takes: Sequence[Document]) -> str:
    if not takes:
        return "<p>No take made it: it came from outside.</p>"
    parts = []
    for take in takes:
        place = f"row {take['row']}, variant {take['variant']}, attempt {take['attempt']}"
        told = {
            "Take": f"<code>{escape(take['take'])}</code> of <code>{escape(take['job'])}</code>",
            "Shot": escape(place),
            "Model": escape(_maker(take)),
            "Provider's id": escape(take["ticket"] or ""),
            "Ordered": escape(_moment(take["orderedAt"])),
            "Finished": escape(_moment(take["finishedAt"])),
            "Charged": escape(f"${take['charged']}"),
            "Prompt": escape(take["prompt"]),
            "Odd about it": escape(take["note"] or ""),
        }
        parts.append(_facts((name, value) for name, value in told.items() if value))
    return "<hr>".join(parts)


def _decisions(decisions: Sequence[Document]) -> str:
    if not decisions:
        return "<p>Nobody has decided about it.</p>"
    rows = "".join(
        f"<tr><td>{escape(each['choice'])}</td><td>{escape(each['by'])}</td>"
        f"<td>{escape(_moment(each['at']))}</td><td>{escape(each['reason'])}</td></tr>"
        for each in decisions
    )
    head = "<tr><th>Decision</th><th>By</th><th>When</th><th>Why</th></tr>"
    return f"<table>{head}{rows}</table>"


def _manifest(manifest: Document | None) -> str:
    if manifest is None:
        return "<p>The file carries none.</p>"
    told = {
        "Manifest": f"<code>{escape(manifest['label'])}</code>",
        "State": escape(manifest["state"]),
        "Signed by": escape(
            f"{manifest['signer']}, {manifest['issuer']} ({manifest['algorithm']})"
        ),
        "Certificate": f"<code>{escape(manifest['certificate'])}</code>",
        "Made with": escape(manifest["generator"]),
        "Actions": escape(", ".join(manifest["actions"])),
    }
    rows = "".join(
        f"<tr><td>{escape(each['title'])}</td><td>{escape(each['relationship'])}</td>"
        f"<td>{escape(each['media_type'])}</td><td>{escape(_state(each['state']))}</td></tr>"
        for each in manifest["ingredients"]
    )
    head = "<tr><th>Ingredient</th><th>Stands as</th><th>Type</th><th>Its own manifest</th></tr>"
    table = f"<table>{head}{rows}</table>" if rows else ""
    faults = "".join(
        f"<li><code>{escape(each['code'])}</code> {escape(each['explanation'])}</li>"
        for each in manifest["faults"]
    )
    return _facts(told.items()) + table + (f"<ul>{faults}</ul>" if faults else "")


def _hashes(document: Document) -> Iterator[tuple[str, str]]:
    yield "File (SHA-256)", _code(document["asset"]["sha256"])
    for signature in _own_signatures(document):
        yield "Unsigned file", _code(signature["unsigned"])
        yield "Signed file", _code(signature["signed"])
        yield "Manifest store", _code(signature["manifestSha256"])
        yield "Signing certificate", _code(signature["key"])
    for take in document["takes"][:1]:
        yield "Prompt", _code(take["promptSha256"])
        yield "Order", _code(take["inputsSha256"])


def _own_signatures(document: Document) -> list[Document]:
    """List the signatures of this very file, before or after it was signed."""
    own = document["asset"]["sha256"]
    return [each for each in document["signatures"] if own in (each["signed"], each["unsigned"])]


def _facts(told: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in told)
    return f"<dl>{rows}</dl>"


def _shown(asset: Document, pictures: Pictures) -> str:
    if asset["text"]:
        return f'<div class="text" dir="auto">{escape(asset["text"])}</div>'
    return _image(asset["sha256"], pictures) or '<p class="dim">There is no picture of it.</p>'


def _image(sha256: str, pictures: Pictures) -> str:
    if sha256 not in pictures:
        return ""
    media_type, content = pictures[sha256]
    data = base64.b64encode(content).decode()
    return f'<img alt="" src="data:{escape(media_type, quote=True)};base64,{data}">'


def _kind(asset: Document) -> str:
    size = asset["size"]
    weight = f"{size / _MIB:.1f} MiB" if size >= _MIB else f"{size / 1024:.0f} KiB"
    parts = [asset["mediaType"], weight]
    if asset["width"] and asset["height"]:
        parts.insert(1, f"{asset['width']} × {asset['height']}")  # noqa: RUF001  # as people write it
    if asset["durationS"]:
        parts.insert(1, f"{asset['durationS']:.1f} s")
    return ", ".join(parts)


def _state(state: str) -> str:
    return {
        "none": "none",
        "invalid": "broken",
        "valid": "intact",
        "trusted": "intact, trusted",
    }.get(state, state)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _day(moment: str | None) -> str:
    return (moment or "")[:10]


def _moment(moment: str | None) -> str:
    return f"{moment[:10]} {moment[11:19]} UTC" if moment else ""
