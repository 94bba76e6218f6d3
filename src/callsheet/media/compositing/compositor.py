"""One composite from its files: opened, cut out, placed, lit, laid and written."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from PIL import Image

from callsheet.media.compositing.blending import Box, Dimming, Layer, Sheet, lay
from callsheet.media.compositing.cutting import CutOut, Product, product_of
from callsheet.media.compositing.finishing import in_focus, softened_edge, with_grain, wrapped
from callsheet.media.compositing.hybrid import Looked, looked_at
from callsheet.media.compositing.judging import Evidence, judged
from callsheet.media.compositing.light import Bytes, Plane, linear
from callsheet.media.compositing.lighting import OVERHEAD, TRUSTED, Sun, sun_from, sun_of
from callsheet.media.compositing.matching import Match, match_of, matched
from callsheet.media.compositing.opening import Opened, opened
from callsheet.media.compositing.placing import Place, places_for
from callsheet.media.compositing.reflections import reflection_of
from callsheet.media.compositing.shadows import Shadow, painted, shadow_of, tilt_of
from callsheet.media.compositing.surroundings import Surroundings, surroundings_of
from callsheet.media.examine import PictureLimits
from callsheet.media.sniffing import sniff_made
from callsheet.ports.compositing import Composite, CompositeSpec, Finding, PhotographedShadow, Wish
from callsheet.ports.pictures import UnreadablePictureError

_WRITING: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "image/png": ("PNG", {"compress_level": 3}),
    "image/jpeg": ("JPEG", {"quality": 93, "subsampling": 0}),
    "image/webp": ("WEBP", {"quality": 92, "method": 2}),
}
_SOLID: Final = 0.85  # mean opacity of what has an edge and nothing else to see through
_QUIET: Final = 0.2  # score of a place below which nothing speaks for it
_COMPARED_SIDE: Final = 1_400  # pixels of a product that is looked for in an answer
_LARGEST_GROUND_COLOUR: Final = 0.16  # of a studio ground that tells its light's colour


@dataclass(frozen=True, slots=True)
class _Laid:
    """A product as it lies in the scene, for the recipe and the judge."""

    product: Product
    cut: CutOut
    place: Place
    others: list[Place]
    match: Match
    sheet: Sheet
    shadow: Shadow | None
    layers: list[Layer]


def composite(
    scene_file: bytes, files: Sequence[bytes], spec: CompositeSpec, limits: PictureLimits
) -> Composite:
    """Put products into a scene, or finish what a hosted model answered.

    Raises UnreadablePictureError, PlacementError and UnusableProductError.
    """
    if not spec.answered:
        return _composed(scene_file, files, spec, limits)
    *products, last = files
    reason, looked = "", None
    try:
        answer = np.asarray(opened(last, "the answer", limits).rgb)
        looked = looked_at(answer, *_as_photographed(products[0], spec.wishes[0], limits))
    except UnreadablePictureError as error:
        reason = error.reason
    if looked is None or looked.picture is None:
        made = _composed(scene_file, products, spec, limits)
        said = f"the hosted answer was not used: {reason or (looked and looked.reason)}"
        return replace(made, way="refused", notes=(said, *made.notes))
    return _finished_answer(looked, last, spec)


def _finished_answer(looked: Looked, answer: bytes, spec: CompositeSpec) -> Composite:
    """Hand a usable answer on: the very file if nothing was done to it."""
    assert looked.picture is not None  # noqa: S101  # asked before
    height, width = looked.picture.shape[:2]
    recipe = {
        "version": 1,
        "method": "hosted",
        "way": looked.way,
        "original_pixels": looked.original,
        "pose": asdict(looked.pose),
    }
    if looked.way == "kept":
        picture, media_type = answer, sniff_made(answer)
    else:
        picture, media_type = _written(looked.picture, spec.media_type), spec.media_type
    notes = (looked.reason,) if looked.reason else ()
    return Composite(
        picture, media_type, (width, height), 1.0, looked.findings, notes, recipe, {}, looked.way
    )


def _as_photographed(content: bytes, wish: Wish, limits: PictureLimits) -> tuple[Bytes, Bytes]:
    """Cut a product out of its photograph, as large as it needs to be compared."""
    product = product_of(opened(content, "product 1", limits), wish, 1)
    share = min(1.0, _COMPARED_SIDE / max(product.size))
    width, height = (max(8, round(side * share)) for side in product.size)
    cut = replace(product, keeps_shadow=False).cut(width, height)
    inner = np.s_[cut.margin : -cut.margin, cut.margin : -cut.margin]
    return np.ascontiguousarray(cut.rgb[inner]), np.ascontiguousarray(cut.alpha[inner])


def _composed(
    scene_file: bytes, product_files: Sequence[bytes], spec: CompositeSpec, limits: PictureLimits
) -> Composite:
    scene = opened(scene_file, "the scene", limits)
    products = [
        product_of(opened(content, f"product {number}", limits), wish, number)
        for number, (content, wish) in enumerate(zip(product_files, spec.wishes, strict=True), 1)
    ]
    around = surroundings_of(scene.rgb)
    sun = _sun(around, spec)
    pixels = np.array(scene.rgb)
    laid: list[_Laid] = []
    findings: list[Finding] = []
    for number, (product, wish) in enumerate(zip(products, spec.wishes, strict=True)):
        found = _laid(product, wish, around, sun, spec, number, [each.place for each in laid])
        box = _judged_box(found.place, around.size)
        before = _cut(pixels, box).copy()
        lay(pixels, found.layers)
        laid.append(found)
        findings += _findings(found, number + 1, len(products), pixels, before, box, around)
    return _finished(scene, around, sun, pixels, laid, spec, findings)


def _sun(around: Surroundings, spec: CompositeSpec) -> Sun:
    if spec.light is not None:
        return sun_from(spec.light)
    found = sun_of(around)
    return found if found.trust >= TRUSTED else OVERHEAD


def _laid(
    product: Product,
    wish: Wish,
    around: Surroundings,
    sun: Sun,
    spec: CompositeSpec,
    number: int,
    taken: list[Place],
) -> _Laid:
    place, *others = places_for(around, wish, product.size, scene_cm=spec.scene_cm, taken=taken)
    if wish.photographed_shadow is PhotographedShadow.AUTO and sun.trust >= TRUSTED:
        product = replace(product, keeps_shadow=False)  # it fell where the studio's light let it
    cut = product.cut(place.width, place.height)
    match = _match(product, cut, place, around, spec)
    corner = (place.left - cut.margin, place.top - cut.margin)
    rgb, alpha = cut.rgb, cut.alpha
    if spec.match > 0:
        rgb = in_focus(matched(rgb, match), around)
        alpha = softened_edge(alpha, around)
        rgb = wrapped(rgb, alpha, around, corner)
        if spec.grain:
            rgb = with_grain(rgb, around, spec.seed + number)
    sheet = Sheet(rgb, alpha, *corner)
    tilt = tilt_of(place, around.size, around.surface, around.surface_trust)
    inner = alpha[cut.margin : -cut.margin, cut.margin : -cut.margin]
    shadow = None
    if product.way != "whole":
        kept = cut.ratio is not None
        strength = spec.shadow * _kept_light(inner)
        shadow = shadow_of(inner, place, sun, tilt, contact=not kept, strength=strength)
    layers: list[Layer] = [*_dimmings(shadow, cut, place, spec)]
    if spec.reflection > 0:
        layers.append(_mirrored(sheet, spec.reflection, tilt, place))
    layers.append(sheet)
    return _Laid(product, cut, place, others, match, sheet, shadow, layers)


def _kept_light(alpha: Bytes) -> float:
    """Say how much of the light that meets a product does not pass: glass throws little shadow."""
    seen = alpha[alpha >= 8]  # noqa: PLR2004  # less is seen by nobody
    share = float(seen.mean()) / 255 if seen.size else 1.0
    return float(np.clip(share / _SOLID, 0.3, 1))


def _dimmings(
    shadow: Shadow | None, cut: CutOut, place: Place, spec: CompositeSpec
) -> list[Dimming]:
    found = []
    if shadow is not None:
        found.append(Dimming(shadow.lost, shadow.box, shadow.tint))
    if cut.ratio is not None and spec.shadow > 0:
        left, top, right, bottom = cut.room
        box = (place.left + left, place.top + top, place.left + right, place.top + bottom)
        lost = 1 - np.asarray(cut.ratio, np.float32) ** 2.2  # photographed as sRGB
        found.append(Dimming((lost * min(1.0, spec.shadow)).astype(np.float32), box))
    return found


def _mirrored(sheet: Sheet, gloss: float, tilt: float, place: Place) -> Sheet:
    depth = round(min(tilt * place.width / 2, 0.2 * place.height))
    solid = (sheet.alpha >= 128).any(1)  # noqa: PLR2004
    base = int(np.nonzero(solid)[0][-1]) + 1 if solid.any() else sheet.alpha.shape[0]
    rgb, alpha = reflection_of(sheet.rgb[:base], sheet.alpha[:base], gloss, depth)
    return Sheet(rgb, alpha, sheet.left, sheet.top + base - depth)


def _match(
    product: Product, cut: CutOut, place: Place, around: Surroundings, spec: CompositeSpec
) -> Match:
    solid = cut.alpha >= 250  # noqa: PLR2004
    ground = None
    if product.outline is not None:
        middle = product.outline.ground.at(np.zeros(1, np.float32), np.zeros(1, np.float32))[0]
        if float(middle.max() - middle.min()) < _LARGEST_GROUND_COLOUR and middle.min() > 0.25:  # noqa: PLR2004
            red, green, blue = linear(np.rint(middle * 255).astype(np.uint8)).tolist()
            ground = (red, green, blue)
    guarded = tuple(_colour(each) for each in spec.brand_colours)
    sample = cut.rgb[solid]
    near = _near(around, place)
    return match_of(sample, ground, near, spec.match, guarded, spec.brand_tolerance)


def _colour(spelled: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(spelled.lstrip("#"))
    return red, green, blue


def _near(around: Surroundings, place: Place) -> Plane:
    """Cut out of the small scene what surrounds a place, to twice its size."""
    scale = around.scale
    left, right = place.left - place.width / 2, place.left + place.width * 1.5
    top, bottom = place.top - place.height / 3, place.base + place.height / 3
    height, width = around.small.shape[:2]
    x = np.clip([left / scale, right / scale], 0, width).astype(int)
    y = np.clip([top / scale, bottom / scale], 0, height).astype(int)
    part = around.small[y[0] : max(y[1], y[0] + 2), x[0] : max(x[1], x[0] + 2)]
    return part if part.size else around.small


def _judged_box(place: Place, size: tuple[int, int]) -> Box:
    room = max(12, place.height // 12)
    return (
        max(0, place.left - room),
        max(0, place.top - room),
        min(size[0], place.left + place.width + room),
        min(size[1], place.base + room),
    )


def _cut(pixels: Bytes, box: Box) -> Bytes:
    return pixels[box[1] : box[3], box[0] : box[2]]


def _findings(
    laid: _Laid,
    number: int,
    count: int,
    pixels: Bytes,
    before: Bytes,
    box: Box,
    around: Surroundings,
) -> list[Finding]:
    """Judge one product at its place."""
    size = (box[3] - box[1], box[2] - box[0])
    product, alpha = np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8)
    sheet = laid.sheet
    left, top = sheet.left - box[0], sheet.top - box[1]
    rows = slice(max(0, top), min(size[0], top + sheet.alpha.shape[0]))
    columns = slice(max(0, left), min(size[1], left + sheet.alpha.shape[1]))
    source = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    product[rows, columns] = laid.cut.rgb[source]
    alpha[rows, columns] = sheet.alpha[source]
    noise = float(np.mean(around.noise))
    found = judged(Evidence(_cut(pixels, box), before, product, alpha, noise))
    if count == 1:
        return list(found)
    return [replace(each, note=f"product {number}: {each.note}") for each in found]


def _finished(
    scene: Opened,
    around: Surroundings,
    sun: Sun,
    pixels: Bytes,
    laid: list[_Laid],
    spec: CompositeSpec,
    findings: list[Finding],
) -> Composite:
    notes = [*scene.notes, *(note for each in laid for note in each.product.notes)]
    for number, each in enumerate(laid, 1):
        if each.place.score < _QUIET and isinstance(spec.wishes[number - 1].place, str):
            notes.append(f"product {number}: no quiet surface was found: name a place")
    if sun.trust < TRUSTED:
        notes.append("the scene does not tell where its light comes from: soft light from above")
    confidence = min((each.product.confidence for each in laid), default=1.0)
    recipe = {
        "version": 1,
        "method": "local/composite",
        "seed": spec.seed,
        "scene": {
            "size": around.size,
            "noise": around.noise,
            "edge": around.edge,
            "surface": around.surface,
            "surface_trust": around.surface_trust,
        },
        "light": {**asdict(sun), "degrees": sun.degrees},
        "products": [
            {
                "way": each.product.way,
                "confidence": each.product.confidence,
                "place": asdict(each.place),
                "other_places": [asdict(other) for other in each.others],
                "match": each.match.told(),
                "photographed_shadow": each.product.keeps_shadow,
            }
            for each in laid
        ],
    }
    return Composite(
        _written(pixels, spec.media_type),
        spec.media_type,
        around.size,
        confidence,
        tuple(findings),
        tuple(notes),
        recipe,
        _layers(laid, spec, around.size),
    )


def _written(pixels: Bytes, media_type: str) -> bytes:
    kind, options = _WRITING[media_type]
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def _layers(laid: list[_Laid], spec: CompositeSpec, size: tuple[int, int]) -> dict[str, bytes]:
    """Write shadow, reflection and product of each product as pictures of the scene's size."""
    found: dict[str, bytes] = {}
    for number, each in enumerate(laid if spec.layers else [], 1):
        sheets = [layer for layer in each.layers if isinstance(layer, Sheet)]
        for name, sheet in zip(("product", "reflection"), reversed(sheets), strict=False):
            picture = Image.merge(
                "RGBA", (*Image.fromarray(sheet.rgb).split(), Image.fromarray(sheet.alpha))
            )
            found[f"{number}-{name}"] = _sized(picture, (sheet.left, sheet.top), size)
        dimmings = [layer for layer in each.layers if isinstance(layer, Dimming)]
        for order, layer in enumerate(dimmings):
            left, top, right, bottom = layer.box
            shadow = painted(layer.lost).resize((right - left, bottom - top))
            found[f"{number}-shadow{order or ''}"] = _sized(shadow, (left, top), size)
    return found


def _sized(picture: Image.Image, corner: tuple[int, int], size: tuple[int, int]) -> bytes:
    whole = Image.new("RGBA", size)
    whole.paste(picture, corner)
    out = io.BytesIO()
    whole.save(out, "PNG", compress_level=1)
    return out.getvalue()
