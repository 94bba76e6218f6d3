"""Measuring one still picture, and showing clips and pictures at some times."""

import io
import math
from collections.abc import Sequence
from typing import Any, Final

import av.error
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from callsheet.media.containers import pixels_in_header
from callsheet.media.examine import PictureLimits, decoded_whole
from callsheet.media.likeness import likeness_of
from callsheet.media.measuring.decoding import open_frames
from callsheet.media.measuring.files import GivenFile
from callsheet.media.measuring.kinds import Kind
from callsheet.media.measuring.probing import opened
from callsheet.ports.measuring import Medium, PictureHeader, Probe, Still, UnreadableMediaError

Floats = NDArray[np.float32]

_FORMATS: Final = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF"}
_HEADER_BYTES: Final = 1 << 16
_SIDE: Final = 1_024  # pixels of the longer side of what is measured
_SHOWN_SIDE: Final = 320
_DARK: Final = 4  # of 255
_BRIGHT: Final = 251
_OPAQUE: Final = 255
_FLAT: Final = 1.5  # greys: what differs less from pixel to pixel is ground
_CELL: Final = 16
_LETTERED: Final = 0.18  # of a cell's pixels are hard edges
_HARD: Final = 48  # greys
_DEEP: Final = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_ALPHA: Final = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})


def probe_picture(file: GivenFile, size: int, kind: Kind) -> Probe:
    """Say what a picture is by its header. Raises UnreadableMediaError."""
    try:
        plain = io.BufferedReader(file)
        with Image.open(plain, formats=[_FORMATS[kind.container]]) as picture:
            header = _header(picture)
    except Image.DecompressionBombError as error:
        file.seek(0)
        size_told = pixels_in_header(file.read(_HEADER_BYTES), kind.media_type)
        shown = "too large" if size_told is None else "{} x {} pixels".format(*size_told)
        raise UnreadableMediaError(f"it is {shown}, which is more than is read") from error
    except Exception as error:  # decoders raise whatever a damaged or hostile file provokes
        raise UnreadableMediaError(f"it is damaged at its very start ({error})") from error
    return Probe(
        Medium.IMAGE,
        kind.media_type,
        kind.container,
        "",
        size,
        None,
        fragmented=False,
        fast_start=None,
        streams=("image",),
        tags=(),
        damage=(),
        video=None,
        audio=None,
        picture=header,
    )


def _header(picture: Image.Image) -> PictureHeader:
    width, height = picture.size
    turned = picture.getexif().get(0x0112, 1)
    if isinstance(turned, int) and turned in range(5, 9):
        width, height = height, width
    return PictureHeader(
        width,
        height,
        picture.mode,
        depth=16 if picture.mode in _DEEP else 8,
        alpha=picture.mode in _ALPHA or "transparency" in picture.info,
        profile=_profile_name(picture.info.get("icc_profile")),
        frames=getattr(picture, "n_frames", 1),
    )


def _profile_name(profile: Any) -> str:
    """Read the description of an ICC profile: ICC.1:2022, 9.2.41 and 10.13 or 10.15."""
    if not isinstance(profile, bytes) or len(profile) < 132:  # noqa: PLR2004  # its header
        return ""
    for tag in range(min(64, int.from_bytes(profile[128:132], "big"))):
        entry = profile[132 + 12 * tag : 144 + 12 * tag]
        if entry[:4] == b"desc":
            start = int.from_bytes(entry[4:8], "big")
            text = profile[start : start + int.from_bytes(entry[8:12], "big")]
            if text[:4] == b"desc":
                return text[12 : 12 + int.from_bytes(text[8:12], "big") - 1].decode("latin-1")[:80]
            return text[28:].decode("utf-16-be", "replace").strip("\0")[:80]
    return "unnamed"


def measure_picture(file: GivenFile, kind: Kind, limits: PictureLimits) -> Still:
    """Decode a picture whole and measure it. Raises UnreadableMediaError."""
    picture = decoded_whole(file.read(), kind.media_type, limits)
    return still_of(picture)


def still_of(picture: Image.Image) -> Still:
    """Measure a picture in RGB or RGBA."""
    likeness = likeness_of(picture)
    alpha = None
    if picture.mode == "RGBA":
        alpha = np.asarray(picture.getchannel("A"))
    crop = _middle(picture.convert("RGB"))
    pixels = np.asarray(crop)
    grey = np.asarray(crop.convert("L")).astype(np.float32)
    whole = np.asarray(picture.convert("L"))
    return Still(
        sharpness=_sharpness(grey),
        detail=float(np.abs(np.diff(grey, axis=1)).mean()),
        noise=_noise(grey),
        banding=_banding(grey),
        dark=float((whole <= _DARK).mean()),
        bright=float((whole >= _BRIGHT).mean()),
        mean=float(whole.mean()),
        spread=float(whole.std()),
        clipped_colour=float(((pixels == _OPAQUE).any(axis=2) & (pixels == 0).any(axis=2)).mean()),
        see_through=0.0 if alpha is None else float((alpha == 0).mean()),
        soft_edge=0.0 if alpha is None else float(((alpha > 0) & (alpha < _OPAQUE)).mean()),
        halo=None if alpha is None else _halo(np.asarray(picture.convert("RGBA")), alpha),
        lettering=_lettering(grey),
        likeness=likeness,
    )


def _middle(picture: Image.Image) -> Image.Image:
    """Cut out the middle at full size: shrinking would hide noise, banding and blur."""
    width, height = picture.size
    wide, high = min(width, _SIDE), min(height, _SIDE)
    left, top = (width - wide) // 2, (height - high) // 2
    return picture.crop((left, top, left + wide, top + high))


def _sharpness(grey: Floats) -> float:
    """Blur once more and see how much is lost: the measure of Crété-Roffet et al. (SPIE 2007)."""
    losses = []
    for axis in (0, 1):
        if grey.shape[axis] < 12:  # noqa: PLR2004  # too small to be blurred
            continue
        summed = np.cumsum(grey, axis=axis, dtype=np.float64)
        ahead = np.take(summed, range(9, grey.shape[axis]), axis)
        blurred = (ahead - np.take(summed, range(grey.shape[axis] - 9), axis)) / 9
        sharp = np.abs(np.diff(np.take(grey, range(5, grey.shape[axis] - 4), axis), axis=axis))
        soft = np.abs(np.diff(blurred, axis=axis))
        total = float(sharp.sum())
        losses.append(float(np.maximum(sharp - soft, 0).sum()) / total if total else 0.0)
    return min(losses, default=0.0)


def _noise(grey: Floats) -> float:
    """Estimate the standard deviation of noise: Immerkær (CVIU 1996), on the calmest half."""
    if min(grey.shape) < 3:  # noqa: PLR2004  # no neighbours
        return 0.0
    up, mid, down = grey[:-2], grey[1:-1], grey[2:]
    line = up - 2 * mid + down
    mask = np.abs(line[:, :-2] - 2 * line[:, 1:-1] + line[:, 2:])
    calm = np.sort(mask, axis=None)[: mask.size // 2]
    return float(calm.mean()) * math.sqrt(math.pi / 2) / 6 * 2.05


def _banding(grey: Floats) -> float:
    """Share of smooth ground that stands in flat steps: runs of one grey between small jumps."""
    step = np.abs(np.diff(grey, axis=1))
    if step.shape[1] < 8:  # noqa: PLR2004  # no room for a run
        return 0.0
    flat = step == 0
    run = flat[:, :-7].copy()
    for shift in range(1, 8):
        run &= flat[:, shift : flat.shape[1] - 7 + shift]
    jump = (step >= 1.5) & (step <= 12)  # noqa: PLR2004  # greys: seen, and yet no edge
    beside = jump[:, 8:] & run[:, : jump.shape[1] - 8]
    return float(beside.sum() * 8 / max(1, (step < 16).sum()))  # noqa: PLR2004  # all but edges


def _halo(pixels: NDArray[Any], alpha: NDArray[Any]) -> float | None:
    """Compare the colours of soft pixels with opaque ones nearby; a fringe of another ground."""
    soft = (alpha > 16) & (alpha < 240)  # noqa: PLR2004  # what is hardly seen, or hardly soft
    if not soft.any() or not (alpha == _OPAQUE).any():
        return None
    colours = pixels[..., :3].astype(np.float32)
    solid = (alpha == _OPAQUE).astype(np.float32)
    weight, total = _spread_sum(solid), _spread_sum(colours * solid[..., None])
    known = soft & (weight > 0)
    if not known.any():
        return None
    apart = np.abs(colours[known] - total[known] / weight[known][:, None]).mean()
    return float(apart / 255)


def _spread_sum(values: NDArray[Any], reach: int = 4) -> NDArray[Any]:
    """Sum what lies within `reach` pixels in each direction."""
    for axis in (0, 1):
        total = values.copy()
        for shift in range(1, reach + 1):
            ahead, behind = np.roll(values, shift, axis), np.roll(values, -shift, axis)
            total = total + ahead + behind
        values = total
    return values


def _lettering(grey: Floats) -> float:
    """Share of cells full of hard edges that go both ways and of only two greys, as letters are."""
    rows, columns = grey.shape[0] // _CELL, grey.shape[1] // _CELL
    if not rows or not columns:
        return 0.0
    cut = grey[: rows * _CELL, : columns * _CELL]
    across = np.abs(np.diff(cut, axis=1, append=cut[:, -1:])) > _HARD
    along = np.abs(np.diff(cut, axis=0, append=cut[-1:])) > _HARD
    cells = (rows, _CELL, columns, _CELL)
    wide, high = (each.reshape(cells).mean(axis=(1, 3)) for each in (across, along))
    tones = cut.reshape(cells)
    low, top = tones.min(axis=(1, 3)), tones.max(axis=(1, 3))
    middle = (tones > (low + (top - low) * 0.25)[:, None, :, None]) & (
        tones < (low + (top - low) * 0.75)[:, None, :, None]
    )
    two_toned = middle.mean(axis=(1, 3)) < 0.3  # noqa: PLR2004  # hardly anything in between
    lettered = (wide > _LETTERED / 2) & (high > _LETTERED / 3) & (wide + high > _LETTERED)
    return float((lettered & two_toned & (top - low > 2 * _HARD)).mean())


def shown_picture(file: GivenFile, kind: Kind, limits: PictureLimits) -> bytes:
    """Show a picture small: JPEG. Raises UnreadableMediaError."""
    return _jpeg(decoded_whole(file.read(), kind.media_type, limits))


def shown_clip(file: GivenFile, kind: Kind, times: Sequence[float]) -> list[bytes]:
    """Show a clip at some times, in their order: JPEG each, empty where there is nothing."""
    shown = [b""] * len(times)
    with opened(file, kind) as container:
        frames = open_frames(container)
        for place, time in sorted(enumerate(times), key=lambda pair: pair[1]):
            try:
                container.seek(max(0, int(time / frames.stream.time_base)), stream=frames.stream)
            except av.error.FFmpegError:
                continue
            last: Any = None
            for at, frame in frames:
                last = frame
                if at >= time - 1e-3:  # rounding
                    break
            if last is not None:
                shown[place] = _jpeg(last.to_image(threads=1))
    return shown


def _jpeg(picture: Image.Image) -> bytes:
    picture.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
