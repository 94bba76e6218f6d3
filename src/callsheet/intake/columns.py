"""Which column of a sheet means what: known names, a team's own columns, and likely slips.

A column that nobody knows is the team's own and is carried through. One that looks like a slip of
a known name is refused: a batch that silently ignores `varients` makes the wrong number of takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from callsheet.intake.composites import COMPOSITE_FIELDS, composite_columns, composite_field
from callsheet.intake.errors import ProblemCode
from callsheet.intake.inputs import INPUTS, input_field
from callsheet.intake.problems import Problems
from callsheet.kernel.errors import shown
from callsheet.ports.sheets import title_key, written_title

EXTRA = "extra"  # what a mapping says of a column that is the team's own
FIELDS = (
    "scene_id",
    "prompt",
    "references",
    "variants",
    "model",
    "size",
    "reference_mode",
    "filename",
    INPUTS,
)
_ALIASES = {
    **{each.replace("_", ""): each for each in FIELDS},
    "refpackpublicurls": "references",
    "refs": "references",
    "referenceurls": "references",
    "refurl": "references",
    "input": INPUTS,
}
# Other names, told when they are taken for a field: only where no column has the field's own name,
# the first of them before the others. In English, German, Spanish, French, Russian, Japanese,
# Chinese, Korean, Arabic and Hindi.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "prompt": (
        *("prompts", "imageprompt", "shotdescription", "promptshotdescription", "textprompt"),
        *("bildbeschreibung", "promptdeimagen", "промпт", "プロンプト", "提示词", "提示詞"),
        *("프롬프트", "प्रॉम्प्ट", "الموجه", "description", "beschreibung", "descripción"),
        *(
            "descripcion",
            "описание",
            "説明",
            "描述",
            "画面描述",
            "画面内容",
            "설명",
            "الوصف",
            "وصف",
        ),
        *("विवरण", "画面説明"),
    ),
    "scene_id": (
        *("scene", "scenenumber", "sceneno", "shot", "shotid", "shotnumber", "shotno"),
        *("szene", "einstellung", "escena", "toma", "scène", "plan", "сцена", "кадр"),
        *("シーン", "カット", "场景", "镜头", "镜号", "씬", "장면", "مشهد", "لقطة", "दृश्य", "शॉट"),
    ),
    "variants": ("varianten", "variantes", "варианты", "バリエーション", "变体", "변형", "वेरिएंट"),
    "model": ("modell", "modelo", "modèle", "модель", "モデル", "模型", "모델", "मॉडल", "النموذج"),
    "size": (
        *("aspectratio", "ar", "ratio", "imagesize", "größe", "seitenverhältnis", "bildformat"),
        *("tamaño", "relacióndeaspecto", "taille", "размер", "соотношениесторон", "サイズ"),
        *("縦横比", "尺寸", "比例", "画幅", "크기", "비율", "الحجم", "आकार"),
    ),
    "references": (
        *("image1", "image2", "image3", "imagesrc", "imageurl", "imageurls", "referenceimage"),
        *("referenceimages", "refimage", "referenzen", "referencias", "références", "референсы"),
        *("参考画像", "参考图", "参考", "참조", "المراجع", "संदर्भ"),
    ),
    "filename": ("outputfilename", "dateiname", "имяфайла", "文件名", "ファイル名"),
}
_OTHER = {name: field for field, names in _OTHER_NAMES.items() for name in names}
KNOWN_NAMES: Mapping[str, str] = {**_OTHER, **_ALIASES}
_RANKS = {name: at for names in _OTHER_NAMES.values() for at, name in enumerate(names)}
# Inputs that other tools have a column for: used where the row's model has the input.
SOFT_INPUTS = {"negativeprompt": "negative_prompt", "style": "style"}
_SHORT_NAME = 5  # one slip in so short a name already makes another word
_SLIPS = 2


@dataclass(frozen=True, slots=True)
class Matched:
    """Positions of the known fields and of the team's own columns.

    `unclaimed` are those of the latter that no mapping says are the team's own. `pictures` are
    more columns of references. `soft` are columns of inputs that are used where a model has them.
    """

    fields: dict[str, int]
    extra: dict[str, int]
    unclaimed: tuple[str, ...] = ()
    pictures: tuple[int, ...] = ()
    soft: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def field_named(title: str) -> str | None:
    """Find the field a column's title means; case, spaces, `_` and `-` make no difference.

    That of one that addresses an input is `inputs.<name>`.
    """
    return _ALIASES.get(title_key(title)) or input_field(title)


def other_name(title: str) -> str | None:
    """Find the field that a title is another name of, where no column has the field's own."""
    return _OTHER.get(title_key(title))


def any_field_named(title: str) -> str | None:
    """Find the field that a name means, one of composites too."""
    return field_named(title) or composite_field(title)


def match_columns(
    columns: Sequence[str],
    mapping: Mapping[str, str],
    problems: Problems,
    *,
    prompted: bool = False,
    likely_prompt: str = "",
) -> Matched:
    """Tell what each column means. `mapping` (column -> field, or "extra") goes before names.

    With `prompted`, prompts come from elsewhere and no column has to be theirs. `likely_prompt` is
    the column that is suggested for them.
    """
    wanted = _wanted(columns, mapping, problems)
    free = [title for title in columns if title_key(title) not in wanted]
    composites = composite_columns(free, wanted.values())
    matched = Matched({}, {})
    unknown = []
    own = set()
    for at, title in enumerate(columns):
        found = wanted.get(title_key(title)) or composites.get(title) or field_named(title)
        if prompted and found == "prompt":
            found = EXTRA
        if found is None:
            unknown.append(title)
            matched.extra[title] = at
        elif found == EXTRA:
            own.add(title)
            matched.extra[title] = at
        elif found in matched.fields:
            first = columns[matched.fields[found]]
            message = f"columns {shown(first)!r} and {shown(title)!r} both mean {found}; keep one"
            problems.add(ProblemCode.DUPLICATE_COLUMN, _place(title), message, title)
        else:
            matched.fields[found] = at
    matched = _by_other_names(matched, unknown, prompted=prompted)
    meaning = matched.extra.keys() - matched.soft.keys()
    left = tuple(title for title in unknown if title in meaning)
    no_prompt = not prompted and "prompt" not in matched.fields
    _refuse_slips(left, problems, every=no_prompt)
    if no_prompt and not left:
        message = "there is no column named prompt; add it, or map one of yours to it"
        problems.add(ProblemCode.MISSING_PROMPT, _place("prompt"), message)
    problems.hint = _line_to_type(left, likely_prompt if no_prompt else "")
    return replace(matched, unclaimed=left)


def _by_other_names(matched: Matched, unknown: Sequence[str], *, prompted: bool) -> Matched:
    """Take columns for fields by names that other tools and languages use, and say so."""
    fields, extra = dict(matched.fields), dict(matched.extra)
    taken: dict[str, str] = {}
    pictures: list[int] = []
    soft: dict[str, int] = {}
    named = [title for title in unknown if other_name(title)]
    for title in sorted(named, key=lambda each: _RANKS[title_key(each)]):
        meant = other_name(title) or ""
        if meant == "references" and "references" not in matched.fields:
            pictures.append(extra[title])
        elif meant in fields or (prompted and meant == "prompt"):
            continue
        else:
            fields[meant] = extra[title]
        extra.pop(title)
        taken[title] = meant
    for title in unknown:
        if title_key(title) in SOFT_INPUTS:
            soft[title] = extra[title]
    notes = [
        f"column {shown(title)!r} is read as {taken[title]}" for title in unknown if title in taken
    ]
    if notes:
        notes[-1] += '; if one is not meant so, map it to "extra"'
    return replace(
        matched,
        fields=fields,
        extra=extra,
        pictures=tuple(sorted(pictures)),
        soft=soft,
        notes=tuple(notes),
    )


def _line_to_type(unknown: Sequence[str], prompt: str) -> str:
    """Write the options that say what columns mean, as a person would type them."""
    meant = {title: likely_field(title) for title in unknown}
    if prompt and not meant.get(prompt):
        meant[prompt] = "prompt"
    pairs = [f"{title}={field}" for title, field in meant.items() if field]
    if not pairs or (len(pairs) == 1 and not prompt):
        return ""
    return " ".join(f'--map "{shown(pair)}"' for pair in pairs)


def _wanted(
    columns: Sequence[str], mapping: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Read the mapping, and refuse what it names in vain."""
    there = {title_key(title) for title in columns}
    wanted = {}
    for title, meant in mapping.items():
        field = EXTRA if meant.strip().lower() == EXTRA else any_field_named(meant)
        if title_key(title) not in there:
            message = f"the mapping names a column that is not there; there are {_listed(columns)}"
            problems.add(ProblemCode.UNKNOWN_COLUMN, "mapping", message, title)
        elif field is None:
            fields = _listed((*FIELDS, *COMPOSITE_FIELDS, EXTRA))
            message = f"{shown(meant)!r} is no field; use one of {fields}"
            problems.add(ProblemCode.UNKNOWN_COLUMN, "mapping", message, meant)
        else:
            wanted[title_key(title)] = field
    return wanted


def _refuse_slips(unknown: Sequence[str], problems: Problems, *, every: bool) -> None:
    """Refuse unknown columns that look like slips; all of them when there is no prompt."""
    for title in unknown:
        likely = None if _is_known_word(title) else likely_field(title)
        if likely is not None:
            message = (
                f"column {shown(title)!r} is not known; {likely!r} was probably meant: rename it, "
                f'or map it to "{EXTRA}" if it is your own'
            )
        elif every:
            message = (
                f"column {shown(title)!r} is not known, and there is no column named prompt: "
                "name that one so, or map one of yours to it"
            )
        else:
            continue
        problems.add(ProblemCode.UNKNOWN_COLUMN, _place(title), message, title)


def _is_known_word(title: str) -> bool:
    """Tell a title that means something by itself, and is a slip of nothing."""
    key = title_key(title)
    return not written_title(title) or key in _OTHER or key in SOFT_INPUTS


def likely_field(title: str) -> str | None:
    """Name the field that a title is a slip of, if it looks like one."""
    if _is_known_word(title):
        return None
    key = title_key(title)
    scored = [(_slips(key, alias), field) for alias, field in _ALIASES.items()]
    close = [(slips, field) for slips, field in scored if slips is not None]
    return min(close)[1] if close else None


def _slips(written: str, alias: str) -> int | None:
    """Count the slips between two names; None if they are too many for it to be a slip."""
    allowed = 1 if len(alias) <= _SHORT_NAME else _SLIPS
    if abs(len(written) - len(alias)) > allowed:
        return None
    if sorted(written) == sorted(alias):
        return 1
    distance = _distance(written, alias)
    return distance if distance <= allowed else None


def _distance(one: str, other: str) -> int:
    """Levenshtein distance: letters added, left out or replaced."""
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, start=1):
        before, row[0] = row[0], count
        for at, against in enumerate(other, start=1):
            before, row[at] = (
                row[at],
                min(row[at] + 1, row[at - 1] + 1, before + (letter != against)),
            )
    return row[-1]


def _place(title: str) -> str:
    return f"column {shown(title)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(shown(name)) for name in names[:30])
