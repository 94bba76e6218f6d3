"""Pacing: how many shots, how long each, what is nearest when; sums are exact."""

from collections.abc import Sequence
from typing import Final

from callsheet.planning.words import words

_TEMPI: Final = (  # seconds of a shot, by words of a mood
    (
        2.2,
        words("fast energetic epic bold tense intense playful funny upbeat"),
    ),
    (
        4.4,
        words(
            "calm quiet gentle dreamy melancholic melancholy sad slow serene peaceful tender "
            "wistful nostalgic lonely moody"
        ),
    ),
)
_USUAL_S: Final = 3.4
_LEAST_S: Final = 1.2
_TITLE_S, _END_S = 2.0, 2.5
_WITHOUT_CARDS_S: Final = 12.0  # a film that is shorter has no room for cards


def shot_seconds(mood: str) -> float:
    """Tell how long a shot is seen in a film of a mood, on average, in seconds."""
    words = set(mood.lower().replace(",", " ").split())
    return next((seconds for seconds, of in _TEMPI if words & of), _USUAL_S)


def card_frames(total: int, fps: float) -> tuple[int, int]:
    """Tell how long title and end card are, in frames."""
    if total < _WITHOUT_CARDS_S * fps:
        return 0, 0
    share = min(1.0, total / fps / 30)  # of a short film they are shorter
    return round(_TITLE_S * fps * max(0.75, share)), round(_END_S * fps * max(0.75, share))


def count_shots(body: int, fps: float, mood: str, beats: int) -> int:
    """Tell how many shots a film's body of so many frames has."""
    usual = round(body / fps / shot_seconds(mood))
    most = int(body / fps / _LEAST_S)
    return max(1, min(most, max(usual, beats)))


def shared(total: int, weights: Sequence[float]) -> list[int]:
    """Divide frames by weights; the parts are whole, at least 1, and sum up exactly."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [max(1, int(each)) for each in exact]
    by_loss = sorted(range(len(parts)), key=lambda i: (int(exact[i]) - exact[i], i))
    at = 0
    while (left := total - sum(parts)) != 0:
        place = by_loss[at % len(parts)]
        step = 1 if left > 0 else -1
        if parts[place] + step >= 1:
            parts[place] += step
        at += 1
    return parts
