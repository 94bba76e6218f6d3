"""A film's poster: a frame of its body, as a JPEG."""

from pathlib import Path
from typing import Final

import av

from callsheet.ports.film import FilmPlan, starts_of

_MOST_SIDE: Final = 1_280
_QUALITY: Final = 88


def write_poster(film: Path, plan: FilmPlan, out: Path) -> None:
    """Write a frame from the middle of the first shot."""
    first = starts_of(plan)[plan.shots[0].id]
    wanted = first.start + first.frames // 2
    with av.open(film) as file:
        for number, frame in enumerate(file.decode(video=0)):
            if number == wanted:
                picture = frame.to_image()  # type: ignore[no-untyped-call]
                picture.thumbnail((_MOST_SIDE, _MOST_SIDE))
                picture.save(out, "JPEG", quality=_QUALITY, optimize=True)
                return
