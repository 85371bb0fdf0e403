"""What is measurably there in a picture, from Pillow alone: colours, light, contrast, sharpness, flat or photo-like.

It cannot name objects and does not try. The thresholds are rough and chosen by eye; a silhouette passes as flat.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageFilter, ImageStat

from local.chat_standin.pictures import SentPicture
from local.chat_standin.reading import Reading
from local.colours import colour_shares

OFFLINE_MARK = "[offline describer, no model]"
MEASURE_SIDE = 512
NO_EDGE = 128
LAPLACIAN_SIDE = 3
LAPLACIAN = ImageFilter.Kernel((LAPLACIAN_SIDE, LAPLACIAN_SIDE), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=NO_EDGE)
MAX_TEXT_CHARS = 400

# (upper bound, word); the last word has none. Brightness and contrast are in 0..255 of luminance.
BRIGHTNESS = ((40.0, "very dark"), (95.0, "dark"), (165.0, "medium bright"), (225.0, "bright"), (None, "very bright"))
CONTRAST = ((4.0, "hardly any"), (25.0, "low"), (60.0, "medium"), (None, "high"))
# Spread of the Laplacian: an even picture has none, blur takes it away.
SHARPNESS = ((1.0, "without detail"), (5.0, "soft"), (None, "sharp"))
SQUARE_RATIO = 1.02
FLAT_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What Pillow measured in one picture."""

    orientation: str
    colours: tuple[tuple[str, float], ...]
    brightness: str
    contrast: str
    sharpness: str
    flat: bool


def measure(picture: SentPicture) -> Appearance:
    grey = picture.preview.convert("L")
    grey.thumbnail((MEASURE_SIDE, MEASURE_SIDE), Image.Resampling.BOX)
    light = ImageStat.Stat(grey)
    edges = find_edges(grey)
    return Appearance(
        orientation=orientation(picture.width, picture.height),
        colours=tuple(colour_shares(picture.preview)[:3]),
        brightness=grade(light.mean[0], BRIGHTNESS),
        contrast=grade(light.stddev[0], CONTRAST),
        sharpness=grade(ImageStat.Stat(edges).stddev[0], SHARPNESS),
        flat=is_flat(grey, edges),
    )


def find_edges(grey: Image.Image) -> Image.Image:
    """The edges as a picture: 128 where neighbours are alike. The filter leaves the outermost pixels as they were, so
    they are cut off.
    """
    if min(grey.size) <= LAPLACIAN_SIDE:
        return Image.new("L", grey.size, NO_EDGE)
    return grey.filter(LAPLACIAN).crop((1, 1, grey.width - 1, grey.height - 1))


def orientation(width: int, height: int) -> str:
    if max(width, height) <= SQUARE_RATIO * min(width, height):
        return "square"
    return "landscape" if width > height else "portrait"


def grade(value: float, scale: tuple[tuple[float | None, str], ...]) -> str:
    return next(word for bound, word in scale if bound is None or value < bound)


def is_flat(grey: Image.Image, edges: Image.Image) -> bool:
    """Whether it is a page, slide or drawing: most pixels are without an edge, and most are in two of sixteen grey
    levels.
    """
    without_edge = sum(edges.histogram()[NO_EDGE - 2 : NO_EDGE + 3]) / (edges.width * edges.height)
    histogram = grey.histogram()
    levels = sorted(sum(histogram[start : start + 16]) for start in range(0, 256, 16))
    in_two_levels = sum(levels[-2:]) / (grey.width * grey.height)
    return without_edge > FLAT_SHARE and in_two_levels > FLAT_SHARE


def describe_all(pictures: tuple[SentPicture, ...], readings: tuple[Reading, ...]) -> str:
    """One line per picture, marked as what it is."""
    if not pictures:
        return f"{OFFLINE_MARK} There is no picture in this request, and nothing here can answer in words."
    lines = [describe(picture, reading) for picture, reading in zip(pictures, readings, strict=True)]
    if len(lines) == 1:
        return f"{OFFLINE_MARK} {headed(pictures[0].label, lines[0])}"
    numbered = [
        headed(picture.label or f"Image {n}", line)
        for n, (picture, line) in enumerate(zip(pictures, lines, strict=True), 1)
    ]
    return "\n".join([f"{OFFLINE_MARK} {len(lines)} images.", *numbered])


def headed(label: str, line: str) -> str:
    return f"{label}: {line}" if label else line


def describe(picture: SentPicture, reading: Reading) -> str:
    look = measure(picture)
    kind = "flat areas, as in a page, slide or drawing" if look.flat else "many tones, as in a photo"
    sentences = [
        f"{look.orientation.capitalize()} picture, {picture.width} x {picture.height} px, {kind}.",
        f"Colours: {', '.join(f'{name} {share:.0%}' for name, share in look.colours)}.",
        f"{look.brightness.capitalize()}, {look.contrast} contrast, {look.sharpness}.",
        *describe_reading(reading),
    ]
    return " ".join(sentences)


def describe_reading(reading: Reading) -> list[str]:
    sentences = [f'{code.format}: "{code.text}".' for code in reading.codes]
    text = " / ".join(line.text for line in reading.lines)
    if text:
        shown = text if len(text) <= MAX_TEXT_CHARS else text[: MAX_TEXT_CHARS - 1] + "…"
        sentences.append(f'Text read: "{shown}".')
    return sentences
