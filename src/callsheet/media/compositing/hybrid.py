"""Hosted light, true pixels: a model's answer kept, mended with the real product, or refused."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from callsheet.media.compositing.fields import blurred, soft
from callsheet.media.compositing.judging import Evidence, judged
from callsheet.media.compositing.light import Bytes, Plane, as_bytes, linear
from callsheet.media.compositing.registering import Pose, laid_on, pose_of
from callsheet.ports.compositing import Finding, Status

_LOW: Final = 0.05  # of the product's height: what changes more slowly is light
_MOST_LIT: Final = 3.0  # times, that light may be other than in the studio
_KEPT: Final = frozenset({"product_detail", "product_lettering", "product_colour", "product_shape"})
_GEOMETRY: Final = "product_shape"


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at an answer: the picture to use, or None with the reason.

    `way` is ``kept``, ``restored`` or ``refused``; `original` the share of the product's pixels
    that are its photograph's.
    """

    picture: Bytes | None
    way: str
    reason: str
    findings: tuple[Finding, ...]
    original: float
    pose: Pose


def looked_at(answer: Bytes, product: Bytes, alpha: Bytes) -> Looked:
    """Judge a hosted answer by the product's own photograph, and mend what can be mended."""
    pose = pose_of(answer, product, alpha)
    if not pose.found:
        reason = f"the product was not found again (score {pose.score:.2f})"
        return Looked(None, "refused", reason, (), 0.0, pose)
    rgb, seen = laid_on(pose, product, alpha, (answer.shape[1], answer.shape[0]))
    findings = _judged(answer, rgb, seen)
    wrong = _wrong(findings)
    if not wrong:
        return Looked(answer, "kept", "", findings, 0.0, pose)
    said = "; ".join(f"{each.check} {each.value}" for each in wrong)
    if any(each.check == _GEOMETRY and each.status is Status.FAIL for each in wrong):
        reason = f"the product changed its shape ({said})"
        return Looked(None, "refused", reason, findings, 0.0, pose)
    mended, share = _restored(answer, rgb, seen)
    again = _judged(mended, rgb, seen)
    if _wrong(again):
        reason = f"the product changed beyond recognition ({said})"
        return Looked(None, "refused", reason, again, 0.0, pose)
    return Looked(mended, "restored", f"detail put back ({said})", again, share, pose)


def _judged(answer: Bytes, rgb: Bytes, alpha: Bytes) -> tuple[Finding, ...]:
    rows, columns = np.nonzero(alpha.any(1))[0], np.nonzero(alpha.any(0))[0]
    room = max(12, (rows[-1] - rows[0]) // 12)
    part = np.s_[
        max(0, rows[0] - room) : rows[-1] + room + 1,
        max(0, columns[0] - room) : columns[-1] + room + 1,
    ]
    return judged(Evidence(answer[part], None, rgb[part], alpha[part], 1.5))


def _wrong(findings: tuple[Finding, ...]) -> list[Finding]:
    return [each for each in findings if each.check in _KEPT and each.status is Status.FAIL]


def _restored(answer: Bytes, rgb: Bytes, alpha: Bytes) -> tuple[Bytes, float]:
    """Light the product's own pixels as the answer does: by what changes slowly in it."""
    tall = int(np.ptp(np.nonzero(alpha.any(1))[0])) + 1
    share = alpha.astype(np.float32) / 255
    own, theirs = linear(rgb), linear(answer)
    solid = (alpha >= 250).astype(np.float32)  # noqa: PLR2004
    radius = max(3.0, _LOW * tall)
    low_own, low_theirs = _slow(own, solid, radius), _slow(theirs, solid, radius)
    gain = np.clip(low_theirs / np.maximum(low_own, 0.01), 1 / _MOST_LIT, _MOST_LIT)
    lit = own * gain
    # the seam lies inside, where the answer and the photograph are both the product
    inside = np.asarray(soft(Image.fromarray(alpha), 1.5)).astype(np.float32) / 255
    weight = np.clip(2 * inside - 1, 0, 1)[..., None] * share[..., None]
    mixed = theirs + (lit - theirs) * weight
    return as_bytes(np.ascontiguousarray(mixed, np.float32)), float(weight.sum() / share.sum())


def _slow(light: Plane, solid: Plane, radius: float) -> Plane:
    weight = np.maximum(blurred(solid, radius), 1e-3)
    return (blurred(light * solid[..., None], radius) / weight[..., None]).astype(np.float32)
