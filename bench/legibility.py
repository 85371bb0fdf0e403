"""How many words of a page can still be read as it is sent, with tiles and without, and what that costs.

    python bench/legibility.py [--model gpt-4o] [--pages web ...] [--times 2] [--json]

Pages of made-up words in Pillow's own font are normalized, and Tesseract reads what would be sent, enlarged: a
stand-in for the model, and a generous one, so that its figures are upper bounds. Needs `tesseract` on the path.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image, ImageDraw, ImageFont  # noqa: E402 -- the line above makes this file runnable by its path

from shared.adapters.pixels.normalize import normalize_image  # noqa: E402
from shared.core.models.catalogue import look_up_model  # noqa: E402
from shared.core.models.tokens import Usage, image_tokens  # noqa: E402
from shared.core.money.prices import cost  # noqa: E402

if TYPE_CHECKING:
    from shared.core.media.picture import Picture
    from shared.core.models.catalogue import Model

SYLLABLES = [*map("".join, zip("bcdfghjklmnprstvwxyz", "aiouaeioaoueuaeioeou", strict=True))]
LINE_EMS = 1.5
COLUMN_EMS = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Size and em in pixels; `loses_words` says that it is unreadable as a whole."""

    name: str
    width: int
    height: int
    em_px: int
    loses_words: bool


PAGES = (
    Page(name="web 1440x10000, 16 px", width=1440, height=10000, em_px=16, loses_words=True),
    Page(name="web 1440x6000, 16 px", width=1440, height=6000, em_px=16, loses_words=True),
    Page(name="web 1280x5000, 14 px", width=1280, height=5000, em_px=14, loses_words=True),
    Page(name="chat 1080x14000, 36 px", width=1080, height=14000, em_px=36, loses_words=True),
    Page(name="screen 3840x2160, 14 px", width=3840, height=2160, em_px=14, loses_words=True),
    Page(name="sheet 6000x1500, 20 px", width=6000, height=1500, em_px=20, loses_words=True),
    Page(name="wide 8000x800, 24 px", width=8000, height=800, em_px=24, loses_words=True),
    Page(name="A4 2480x3508, 33 px", width=2480, height=3508, em_px=33, loses_words=False),
    Page(name="phone 1080x8000, 42 px", width=1080, height=8000, em_px=42, loses_words=False),
    Page(name="receipt 640x3200, 24 px", width=640, height=3200, em_px=24, loses_words=False),
    Page(name="screen 1920x1080, 13 px", width=1920, height=1080, em_px=13, loses_words=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The share of the words read, and what the pictures sent cost."""

    page: str
    tiles: str
    pictures: int
    words_read: float
    tokens: int
    usd: str


def draw(page: Page, seed: int = 1) -> tuple[Image.Image, list[str]]:
    """The page and its words, in columns of lines of text."""
    image, words, chance = Image.new("RGB", (page.width, page.height), "white"), [], random.Random(seed)  # noqa: S311 -- made-up words, no secret
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(page.em_px)
    margin, column = 2 * page.em_px, min(page.width, COLUMN_EMS * page.em_px)
    for left in range(0, page.width - column + 1, column):
        y = margin
        while y + 2 * page.em_px < page.height:
            line = fitting_line(font, column - 2 * margin, chance)
            pen.text((left + margin, y), " ".join(line), font=font, fill="#222")
            words += line
            y += round(LINE_EMS * page.em_px)
    return image, words


def fitting_line(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int, chance: random.Random) -> list[str]:
    line: list[str] = []
    while True:
        line.append("".join(chance.choices(SYLLABLES, k=chance.choice((1, 2, 3)))))
        if font.getlength(" ".join(line)) > width:
            return line[:-1]


def words_in(picture: Picture, times: int) -> list[str]:
    image = Image.open(BytesIO(picture.data)).convert("L")
    enlarged = image.resize((image.width * times, image.height * times), Image.Resampling.LANCZOS)
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        enlarged.save(file, "PNG")
        file.flush()
        read = subprocess.run(
            ["tesseract", file.name, "-", "--psm", "6"],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    return read.stdout.split()


def read(page: Page, *, model: Model, tiles: str, times: int) -> Read:
    drawn, words = draw(page)
    file = BytesIO()
    drawn.save(file, "PNG")
    sent = normalize_image(file.getvalue(), model=model, detail="high", tiles="off" if tiles == "off" else "auto")
    found = Counter(word for one in sent.pictures for word in words_in(one, times))
    wanted = Counter(words)
    tokens = sum(image_tokens(model, width=o.width, height=o.height, detail="high").tokens for o in sent.pictures)
    usage = Usage(input_tokens=tokens, output_tokens=0, image_tokens=tokens)
    return Read(
        page=page.name,
        tiles=tiles,
        pictures=len(sent.pictures),
        words_read=round(sum(min(n, found[word]) for word, n in wanted.items()) / wanted.total(), 4),
        tokens=tokens,
        usd=str(cost(model, usage, on=datetime.now(UTC).date(), scope="global").usd),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gpt-4o")
    parser.add_argument("--pages", nargs="*", default=[""], help="those whose name begins so; default: all")
    parser.add_argument("--times", type=int, default=2, help="how much Tesseract's pictures are enlarged")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    model = look_up_model(arguments.model)
    rows = []
    for page in (one for one in PAGES if one.name.startswith(tuple(arguments.pages))):
        for tiles in ("off", "auto"):
            rows.append(row := read(page, model=model, tiles=tiles, times=arguments.times))
            if not arguments.json:
                print(
                    f"{row.page:26s} tiles {row.tiles:5s} {row.pictures:3d} pictures  words {row.words_read:6.1%}"
                    f"  {row.tokens:6d} tokens  {row.usd} USD",
                    flush=True,
                )
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
