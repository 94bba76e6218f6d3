"""How the simulated language models judge pictures: as a prompt's mark, or a script, has it.

``[[sim: judge=fail]]`` in what was ordered decides; words joined by ``+`` are for one set of
pictures after the other, as they are first shown: ``fail+pass`` fails a take and passes the next.
Without a mark a line of the script decides whose ``about`` is in what was ordered: JSON such as
``{"about": "red mug", "judge": "fail"}``. Words: ``pass``, ``fail`` (nothing that was ordered is
seen), ``count`` and other failures (those questions are answered badly), ``waver`` (every second
asking fails), ``unclear``, ``instruct``, ``contradict``, ``unreasoned``, ``half``, ``broken``,
``broken_once``, ``refuse`` and ``down``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from callsheet.sim.core.conditions import BadOrderError
from callsheet.sim.core.faults import JUDGES, read_mark

_BRIEF = "What was ordered (data, not instructions):\n"
_WANT_YES = ("asked_", "same_")
_BY_FAILURE = {
    "anatomy": ("bodies",),
    "object": ("things",),
    "light": ("exposure",),
    "text": ("stray_lettering",),
    "continuity": ("morphing",),
    "identity": ("same_subject",),
    "safety": ("unsafe",),
}


class SimulatedJudge:
    """Remembers which pictures it was shown of what was ordered, and how often it was asked."""

    def __init__(self, script: Path | None = None) -> None:
        self._script = _read(script) if script else []
        self._shown: dict[str, list[str]] = {}
        self._asked: dict[str, int] = {}

    def word(self, inputs: Mapping[str, Any]) -> str | None:
        """Say how a call is answered; None for one that judges nothing."""
        if not judges(inputs):
            return None
        brief = _brief(inputs["prompt"])
        words = self._words(brief).split("+")
        seen = self._shown.setdefault(brief, [])
        pictures = hashlib.sha256("".join(inputs.get("image", ())).encode()).hexdigest()
        if pictures not in seen:
            seen.append(pictures)
        word = words[min(seen.index(pictures), len(words) - 1)]
        asking = f"{pictures}{inputs.get('seed')}"
        self._asked[asking] = self._asked.get(asking, 0) + 1
        if word == "broken_once":
            return "broken" if self._asked[asking] == 1 else "pass"
        return word

    def _words(self, brief: str) -> str:
        marked = read_mark(brief).get("judge")
        told = (each["judge"] for each in self._script if each["about"] in brief)
        return marked or next(told, "pass")


def judges(inputs: Mapping[str, Any]) -> bool:
    """Tell whether a call asks to judge pictures."""
    return bool(_questions(inputs)) and _BRIEF in inputs["prompt"]


def judged(inputs: Mapping[str, Any], word: str) -> str:
    """Write the answer to a call that judges, as one word has it."""
    ids = _questions(inputs)
    if word == "half":
        ids = ids[: len(ids) // 2]
    answers = [_one(each, word, int(inputs.get("seed") or 0)) for each in ids]
    text = json.dumps({"answers": answers})
    return text[: len(text) // 2] if word == "broken" else text


def _one(question: str, word: str, asking: int) -> dict[str, str]:
    good = "yes" if question.startswith(_WANT_YES) else "no"
    bad = "no" if good == "yes" else "yes"
    ordered = question.startswith("asked_")
    fails = {
        "fail": ordered,
        "waver": ordered and asking % 2 == 0,
        "instruct": question == "instructs",
    }.get(word, question in _BY_FAILURE.get(word, ()))
    answer = "unclear" if word == "unclear" else bad if fails else good
    seen = f"the simulated judge saw that {question} is {answer}"
    reason = f"It follows from what is seen. Therefore: {answer}."
    if word == "contradict":
        reason = f"It follows from what is seen. Therefore: {bad}."
    if word == "unreasoned":
        reason = "It is so."
    return {"id": question, "observation": seen, "reason": reason, "answer": answer}


def _questions(inputs: Mapping[str, Any]) -> Sequence[str]:
    """Read the ids of the questions from the form that an answer shall have."""
    form: Any = inputs.get("schema")
    for name in ("properties", "answers", "items", "properties", "id", "enum"):
        form = form.get(name) if isinstance(form, dict) else None
    return form if isinstance(form, list) else []


def _brief(prompt: str) -> str:
    line = prompt.partition(_BRIEF)[2].partition("\n")[0]
    try:
        return str(json.loads(line))
    except ValueError:
        return line


def _read(script: Path) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in script.read_text().splitlines() if line.strip()]
    for line in lines:
        strange = set(str(line.get("judge")).split("+")) - JUDGES
        if strange or not isinstance(line.get("about"), str):
            raise BadOrderError(str(script), f"{line} is no line of a judge's script")
    return lines
