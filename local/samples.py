"""The demo's files, drawn here so that the tree holds no pictures: what people drop, and what must be refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

REJECTED = {"broken.jpg": "corrupt", "drawing.svg": "unsupported"}
"""The samples that must not get an answer, and the code that says why."""

RECEIPT = {
    "CORNER BAKERY": "",
    "2 x Rye bread": "7.80",
    "1 x Apple cake": "4.50",
    "3 x Coffee": "8.70",
    "TOTAL": "21.00",
}
SALES = {"Mon": 34, "Tue": 51, "Wed": 47, "Thu": 68, "Fri": 92}
INK = "#1d2733"
ORIENTATION_TAG = 0x0112
TURNED_RIGHT = 6  # stored on its side, as a phone held upright does


def make(folder: Path) -> list[Path]:
    """The paths of all samples, written into `folder` in the order of the demo's table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in SAMPLES.items():
        draw(folder / name)
    return [folder / name for name in SAMPLES]


def receipt(path: Path) -> None:
    page = Image.new("RGB", (720, 480), "white")
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(44)
    for row, (item, usd) in enumerate(RECEIPT.items()):
        pen.text((60, 60 + row * 72), item, fill="black", font=font)
        pen.text((660, 60 + row * 72), usd, fill="black", font=font, anchor="ra")
    page.save(path)


def sunset(path: Path) -> None:
    """Write a photo as a phone stores it: on its side, with the tag that says so."""
    sky = Image.linear_gradient("L").resize((1600, 1200)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    picture = Image.merge("RGB", (sky.point(lambda v: 255 - v // 3), sky.point(lambda v: 190 - v // 2), sky))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((680, 560, 920, 800), fill="#ffe9a8")
    pen.rectangle((0, 860, 1600, 1200), fill="#123a5a")
    grain = Image.effect_noise(picture.size, 24).convert("RGB")
    stored = Image.blend(picture, grain, 0.12).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = TURNED_RIGHT
    stored.save(path, quality=88, exif=exif)


def chart(path: Path) -> None:
    page = Image.new("RGB", (960, 640), "#f7f8fa")
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(32)
    pen.text((60, 30), "Loaves sold", fill=INK, font=font)
    for column, (day, sold) in enumerate(SALES.items()):
        left = 90 + column * 170
        pen.rectangle((left, 560 - sold * 4, left + 100, 560), fill="#2f6fed")
        pen.text((left + 15, 575), day, fill=INK, font=font)
        pen.text((left + 28, 515 - sold * 4), str(sold), fill=INK, font=font)
    page.save(path, lossless=True)


def broken(path: Path) -> None:
    """Write an upload that was cut off before any picture came."""
    sunset(path)
    path.write_bytes(path.read_bytes()[:400])


def drawing(path: Path) -> None:
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>\n')


SAMPLES: dict[str, Callable[[Path], None]] = {
    "receipt.png": receipt,
    "sunset.jpg": sunset,
    "chart.webp": chart,
    "broken.jpg": broken,
    "drawing.svg": drawing,
}
