"""A brief without what is no story: words that give orders to a model are taken out, and told."""

import re
from typing import Final

from callsheet.planning.model import Brief, Remark

_ORDERS: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.!?\n]{0,60}"
    r"\b(?:instructions?|prompts?|rules|guidelines|above|previous)\b"
    r"|\b(?:system|developer) (?:prompt|message)\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai|assistant|language model|chatgpt|dan)\b"
    r"|\b(?:reveal|print|repeat|show) (?:me )?your (?:prompt|instructions|rules)\b",
    re.IGNORECASE,
)
_SENTENCES: Final = re.compile(r"(?<=[.!?\n])")
_TEXTS: Final = ("prompt", "voice_over", "style", "music", "title", "audience")


def sanitised(brief: Brief) -> tuple[Brief, tuple[Remark, ...]]:
    """Take sentences out that are meant for a model and not for the film; told in remarks."""
    changed: dict[str, str] = {}
    remarks = []
    for field in _TEXTS:
        text = getattr(brief, field)
        kept = "".join(part for part in _SENTENCES.split(text) if not _ORDERS.search(part))
        if kept != text:
            changed[field] = kept.strip()
            said = f"{field}: a sentence that gives orders to a model was left out"
            remarks.append(Remark(code="orders_left_out", severity="warning", message=said))
    return brief.model_copy(update=changed), tuple(remarks)
