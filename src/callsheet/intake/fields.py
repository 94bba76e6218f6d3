"""One field at a time: from text as a person wrote it to a checked value, or FieldRefusedError."""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from callsheet.intake.canonical_url import canonical_url, is_address
from callsheet.intake.errors import FieldRefusedError, InvalidReferenceError, ProblemCode
from callsheet.intake.limits import Limits
from callsheet.intake.model import ReferenceDraft, RunMode
from callsheet.kernel.errors import shown
from callsheet.ports.pictures import ReferenceMode

# Controls, marks that turn the writing direction around, halves of characters and non-characters:
# they carry no meaning for a model, and hide text from a reviewer.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_COUNT = re.compile(r"([0-9]{1,6})(?:\.0{1,6})?")
_PIXELS = re.compile(r"([0-9]{1,5})\s*[x\u00d7*]\s*([0-9]{1,5})", re.IGNORECASE)
# "16:9" typed into a spreadsheet becomes the time 16:09:00
_ASPECT = re.compile(r"([0-9]{1,3}):([0-9]{1,3})(?::00)?")
_MAX_MARKS = 30  # Unicode's own bound for text that is safe to stream
_MEGAPIXEL = 1_024 * 1_024
_STEP = 16
_BETWEEN_ENTRIES = re.compile(r"[,;]?\s+|[,;](?=https?://)")
_QUOTED = re.compile(r'"([^"\n]+)"(\|[\w -]*)?')
_PICTURE = re.compile(r"(?i)\.(png|jpe?g|jfif|webp|gif|avif|heic|tiff?|bmp)(\|[\w -]*)?[,;]?\Z")
# What spreadsheets and programs write where there is nothing, and people where nothing is decided.
_NO_PROMPTS = frozenset(
    {
        *("none", "nan", "<na>", "nat", "null", "nil", "undefined", "n/a", "na", "n.a.", "(blank)"),
        *("tbd", "tba", "tbc", "todo", "to do", "wip", "xxx", "-", "--", "---", "?", "??", "???"),
        *("...", "/", "_", "loading...", "#loading..."),
    }
)
_SHEET_ERROR = re.compile(r"(?i)#[A-Z][A-Z0-9_/ ]*[!?]|#N/A|#GETTING_DATA")
_FORMULA = re.compile(r"=\s*(?:[A-Z_][A-Z0-9_.]*\s*\(|\$?[A-Z]{1,3}\$?[0-9]+\b)")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]*")


Files = Callable[[str], str]  # says why a file cannot be read; "" if it can


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Text without what a person cannot see; `removed` counts the characters taken out."""

    text: str
    removed: int


def read_prompt(text: str, limits: Limits) -> Cleaned:
    """Clean a prompt: composed Unicode, plain line ends, nothing invisible."""
    _refuse_long_prompt(text, limits)  # before composing, which is slow on long runs of accents
    cleaned = cleaned_text(text)
    _refuse_long_prompt(cleaned.text, limits)
    _refuse_stand_in(cleaned.text)
    if any(unicodedata.category(char)[0] not in "ZC" for char in cleaned.text):
        return cleaned
    if cleaned.removed or cleaned.text:
        message = "the prompt has nothing that can be seen; write what is to be seen"
        raise FieldRefusedError(ProblemCode.UNUSABLE_PROMPT, message)
    message = "the prompt is blank; write what is to be seen, or delete the row"
    raise FieldRefusedError(ProblemCode.MISSING_PROMPT, message)


def is_sheet_error(text: str) -> bool:
    """Tell what a spreadsheet shows where a formula went wrong."""
    return _SHEET_ERROR.fullmatch(text.strip()) is not None


def _refuse_stand_in(text: str) -> None:
    """Refuse what stands where no prompt is: nobody means to buy a picture of it."""
    dashes = text.translate({0x2013: "-", 0x2014: "-", 0x2212: "-", 0x2026: "..."})
    if is_sheet_error(text):
        message = f"the prompt is the error {shown(text)}; mend the formula in the sheet"
    elif _FORMULA.match(text):
        message = f"the prompt is a formula, {shown(text)}; write what it should show"
    elif dashes.casefold() in _NO_PROMPTS:
        message = f"{shown(text)!r} is no prompt; write what is to be seen, or delete the row"
    else:
        return
    raise FieldRefusedError(ProblemCode.UNUSABLE_PROMPT, message)


def _refuse_long_prompt(text: str, limits: Limits) -> None:
    if len(text) > limits.max_prompt_chars:
        message = f"the prompt has {len(text)} characters, {limits.max_prompt_chars} are allowed"
        raise FieldRefusedError(ProblemCode.PROMPT_TOO_LONG, message)


def cleaned_text(text: str) -> Cleaned:
    """Compose characters, and remove controls, direction marks and half characters."""
    plain, removed = _INVISIBLE.subn("", _LINE_ENDS.sub("\n", text))
    if not unicodedata.is_normalized("NFC", plain):
        spared = _without_piled_marks(plain)
        removed += len(plain) - len(spared)
        plain = unicodedata.normalize("NFC", spared)
    return Cleaned(plain.strip(), removed)


def _without_piled_marks(text: str) -> str:
    """Leave out accents piled higher than any language does: sorting them takes quadratic time."""
    kept: list[str] = []
    pile = 0
    for char in text:
        pile = pile + 1 if unicodedata.combining(char) else 0
        if pile <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def read_label(text: str, code: ProblemCode, max_chars: int) -> str:
    """Clean a short text on one line, such as a scene's id or a batch's name."""
    if len(text) > max_chars:
        raise FieldRefusedError(code, f"{len(text)} characters, {max_chars} are allowed")
    return " ".join(cleaned_text(text).text.split())


def read_variants(text: str, limits: Limits) -> int:
    """Read how many takes a row wants."""
    match = _COUNT.fullmatch(text)
    count = int(match[1]) if match else 0
    if count < 1:
        message = f"{shown(text)!r} is no number of variants; write 1 to {limits.max_variants}"
        raise FieldRefusedError(ProblemCode.INVALID_VARIANTS, message)
    if count > limits.max_variants:
        message = f"{count} variants, {limits.max_variants} are allowed in a row"
        raise FieldRefusedError(ProblemCode.TOO_MANY_VARIANTS, message)
    return count


def read_model(text: str, limits: Limits) -> str:
    """Read a model's id; whether there is such a model, the catalog knows."""
    if len(text) > limits.max_model_chars or _MODEL.fullmatch(text) is None:
        message = f"{shown(text)!r} is no model id; write it as in provider/model"
        raise FieldRefusedError(ProblemCode.INVALID_MODEL, message)
    return text


def read_size(text: str, limits: Limits) -> tuple[int, int]:
    """Read ``1024x1024``, or a ratio such as ``16:9``, which takes about one megapixel."""
    if match := _PIXELS.fullmatch(text):
        width, height = int(match[1]), int(match[2])
    elif (match := _ASPECT.fullmatch(text)) and int(match[1]) and int(match[2]):
        width, height = _sides(int(match[1]), int(match[2]))
    else:
        message = f"{shown(text)!r} is no size; write 1024x1024 or a ratio such as 16:9"
        raise FieldRefusedError(ProblemCode.INVALID_SIZE, message)
    if not all(limits.min_side <= side <= limits.max_side for side in (width, height)):
        message = (
            f"{width}x{height} is out of bounds; each side may be "
            f"{limits.min_side} to {limits.max_side}"
        )
        raise FieldRefusedError(ProblemCode.INVALID_SIZE, message)
    return width, height


def _sides(across: int, down: int) -> tuple[int, int]:
    width = math.sqrt(_MEGAPIXEL * across / down)
    height = _MEGAPIXEL / width
    return round(width / _STEP) * _STEP, round(height / _STEP) * _STEP


def read_run_mode(text: str) -> RunMode:
    """Read whether money may be spent: only if the word is there."""
    plain = text.strip().lower().replace("-", "_")
    if plain in ("", RunMode.DRY_RUN, RunMode.LIVE):
        return RunMode(plain or RunMode.DRY_RUN)
    message = f"{shown(text)!r} is no run mode; write dry_run, or live to spend money"
    raise FieldRefusedError(ProblemCode.UNKNOWN_RUN_MODE, message)


def read_mode(text: str) -> ReferenceMode:
    """Read what a reference is for."""
    plain = "_".join(re.split(r"[\s_-]+", text.strip().lower()))
    try:
        return ReferenceMode(plain)
    except ValueError as error:
        modes = ", ".join(ReferenceMode)
        message = f"{shown(text)!r} is no reference mode; use one of {modes}"
        raise FieldRefusedError(ProblemCode.UNKNOWN_MODE, message) from error


def reference_entries(text: str) -> list[tuple[str, str]]:
    """Split a cell into (address or path, mode or "").

    Entries stand apart by white space or line breaks, with or without a comma or semicolon, or by
    a comma right before the next http address. Each may end in ``|mode``. A name in quotes is one,
    and so are words that end in a picture's name: ``my mug.png``.
    """
    entries: list[str] = []
    at = 0
    for quoted in _QUOTED.finditer(text):
        entries += _unquoted(text[at : quoted.start()])
        entries.append(quoted[1] + (quoted[2] or ""))
        at = quoted.end()
    entries += _unquoted(text[at:])
    parted = [entry.rpartition("|") for entry in entries if entry]
    return [(source, mode) if bar else (mode, "") for source, bar, mode in parted]


def _unquoted(text: str) -> list[str]:
    entries: list[str] = []
    for line in text.splitlines():
        words = [word for word in _BETWEEN_ENTRIES.split(line.strip()) if word.strip(",;")]
        apart = _BETWEEN_ENTRIES.findall(line.strip())
        entries += [entry.strip(",;") for entry in _joined(words, apart)]
    return entries


def _joined(words: list[str], apart: list[str]) -> list[str]:
    """Put the words of a file's name together that has spaces in it."""
    joined: list[str] = []
    held = ""
    for at, word in enumerate(words):
        if is_address(word) or not any(map(_PICTURE.search, words[at:])):
            joined += [*held.split(), word] if held else [word]
            held = ""
        elif _PICTURE.search(word):
            joined.append(held + word)
            held = ""
        else:
            gap = apart[at] if at < len(apart) else " "
            held = f"{held}{word}{gap}"
    return joined


def read_reference(
    source: str, mode: str, default: ReferenceMode, limits: Limits, files: Files | None
) -> ReferenceDraft:
    """Check one reference; an address must be one that can be fetched, a file must be there.

    Without `files`, none may be named.
    """
    chosen = read_mode(mode) if mode.strip() else default
    plain = source.strip()
    if len(plain) > limits.max_url_chars:
        message = f"the address has {len(plain)} characters, {limits.max_url_chars} are allowed"
        raise FieldRefusedError(ProblemCode.INVALID_REFERENCE, message)
    if is_address(plain) or files is None:
        try:
            canonical_url(plain)
        except InvalidReferenceError as error:
            raise FieldRefusedError(ProblemCode.INVALID_REFERENCE, str(error)) from error
    elif not plain or not plain.isprintable():
        message = f"{shown(plain)!r} is no path of a file"
        raise FieldRefusedError(ProblemCode.INVALID_REFERENCE, message)
    elif fault := files(plain):
        message = f"cannot read {shown(plain)}: {fault}"
        raise FieldRefusedError(ProblemCode.INVALID_REFERENCE, message)
    return ReferenceDraft(plain, chosen)
