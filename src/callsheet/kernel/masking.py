"""Showing settings and addresses without the secrets that are in them."""

import re
from typing import Final

MASK: Final = "***"
_WORDS: Final = r"pass|pwd|secret|token|key|sig|credential|auth"
_NAME: Final = re.compile(_WORDS, re.IGNORECASE)
_PLACE: Final = re.compile(r"_(url|host|file|path|dir)$", re.IGNORECASE)
_VALUE: Final = re.compile(rf"(?i)((?:^|[?&;\s])[\w.-]*(?:{_WORDS})[\w.-]*=)[^&#\s]*")
# To the last @, since people forget to escape one in a password: better too much than too little.
_WHO: Final = re.compile(r"^(\s*(?:[\w+.-]*:)?(?://)?)(.*)@", re.DOTALL)
_DATABASES: Final = ("postgres", "sqlite", "mysql", "mariadb")


def masked_url(text: str) -> str:
    """Mask passwords and tokens in an address, also in one that is out of form.

    Of who is named before the host, a database's user is shown: elsewhere it may be a token.
    """
    return _VALUE.sub(rf"\g<1>{MASK}", _WHO.sub(_masked_who, text))


def _masked_who(found: re.Match[str]) -> str:
    scheme, who = found.groups()
    user, colon, _ = who.partition(":")
    if not scheme.strip().lower().startswith(_DATABASES):
        return f"{scheme}{MASK}@"
    return f"{scheme}{user}:{MASK}@" if colon else f"{scheme}{user}@"


def is_secret_name(name: str) -> bool:
    """Tell whether what goes by a name should not be shown."""
    return _NAME.search(name) is not None and _PLACE.search(name) is None
