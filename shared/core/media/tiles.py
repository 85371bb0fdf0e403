"""Which overlapping parts of a large page are sent beside the whole of it, so that its text stays legible.

A model shrinks what it is given: the text of a long, wide or dense page is gone before it is read. `plan_tiles` cuts
the page on a grid whose tiles the model sees as they are. pixels/tiling.py measures the text and draws the tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.core.media.place import PagePlace
from shared.core.models.tokens import best_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.core.models.catalogue import Detail, Model
    from shared.core.models.image_grid import Size

Tiles = Literal["auto", "off"] | int

LEAST_TILES, MOST_TILES = 2, 16
LEGIBLE_EM_PX = 7
"""On pages of clean type, read as sent by Tesseract 5 (bench/legibility.py measures it): letters are read while their
em has this many pixels, and below 6 half of the words are gone."""

TILE_EMS_PX = (10.0, 9.75, 9.5)
"""What text has on a tile where it can. Of a web page set in 16 px, Tesseract 5 reads 95 % of the words at 8 px, 98 %
at 8.5 and 99 % at 9 (measured 2026-11-28, tiles as PNG, enlarged twice)."""

OVERLAP = 0.12
LEAST_LINES = 2.5  # that two tiles share: a line that one of them cuts is whole on the other
LINE_EMS = 1.4  # from one line to the next, as most pages are set
SCALE_STEP = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One part: the box of the page at the size `TilePlan.width` x `height`. It is sent as it is."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TilePlan:
    """The page is drawn at `width` x `height` and cut into `tiles`, in reading order, which cost `tokens` together."""

    width: int
    height: int
    tiles: tuple[Tile, ...]
    tokens: int

    @property
    def columns(self) -> int:
        return len({tile.left for tile in self.tiles})

    def place(self, number: int) -> PagePlace:
        tile, of = self.tiles[number - 1], len(self.tiles)
        left, right = (round(x / self.width, 4) for x in (tile.left, tile.right))
        top, bottom = (round(y / self.height, 4) for y in (tile.top, tile.bottom))
        return PagePlace(number=number, of=of, left=left, top=top, right=right, bottom=bottom)


def plan_tiles(
    size: Size, *, model: Model, detail: Detail, count: int | None = None, em_px: float | None = None
) -> TilePlan | None:
    """The cut of a page of this upright size: `count` tiles, or as few as show text of `em_px` at one of TILE_EMS_PX.

    Of the cuts whose tiles the model sees as they are it is the one that cuts the fewest lines of text, then that of
    the fewest tokens. Where not even MOST_TILES show text so large, they show it as large as they can. None where the
    model sees the whole page as it is.
    """
    if is_seen_whole(size, model=model, detail=detail):
        return None
    grids = list(grids_of(count))
    scales = [min(1.0, tile_em / em_px) for tile_em in TILE_EMS_PX] if em_px else [1.0]
    while True:
        cuts = [
            cut(scaled(size, scale), grid, em_px=em_px and em_px * scale, model=model, detail=detail)
            for scale in scales
            for grid in grids
        ]
        if any(cuts):
            return min(filter(None, cuts), key=lambda one: (one.columns, one.tokens, len(one.tiles)))
        scales = [scales[-1] * SCALE_STEP]


def grids_of(count: int | None) -> Iterator[Size]:
    """Columns and rows: of exactly `count` tiles, or all that are allowed."""
    for columns in range(1, MOST_TILES + 1):
        for rows in range(1, MOST_TILES // columns + 1):
            if columns * rows == count if count else columns * rows >= LEAST_TILES:
                yield columns, rows


def cut(page: Size, grid: Size, *, em_px: float | None, model: Model, detail: Detail) -> TilePlan | None:
    across, down = spans(page[0], grid[0], em_px), spans(page[1], grid[1], em_px)
    tiles = tuple(
        Tile(left=left, top=top, right=right, bottom=bottom) for top, bottom in down for left, right in across
    )
    tokens = 0
    for tile in tiles:
        seen = best_size(model, width=tile.right - tile.left, height=tile.bottom - tile.top, detail=detail, max_loss=0)
        if (seen.width, seen.height) != (tile.right - tile.left, tile.bottom - tile.top):
            return None
        tokens += seen.tokens
    return TilePlan(width=page[0], height=page[1], tiles=tiles, tokens=tokens)


def spans(length: int, count: int, em_px: float | None) -> list[tuple[int, int]]:
    """`count` stretches of equal length that cover `length`, neighbours overlapping."""
    if count == 1:
        return [(0, length)]
    share = 1 / (count - (count - 1) * OVERLAP)
    lines = LEAST_LINES * LINE_EMS * (em_px or 0)
    each = min(length, max(-int(-length * share), -int(-(length + (count - 1) * lines) / count)))
    return [(start, start + each) for start in (index * (length - each) // (count - 1) for index in range(count))]


def scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def is_seen_whole(size: Size, *, model: Model, detail: Detail) -> bool:
    """Whether the model sees every pixel of it."""
    seen = best_size(model, width=size[0], height=size[1], detail=detail, max_loss=0)
    return (seen.width, seen.height) == size


def smallest_legible_px(size: Size, sent: Size) -> int:
    """The em, in pixels of the page, below which its text is not read at the size that it is sent at."""
    return -int(-LEGIBLE_EM_PX * size[0] // sent[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTiles:
    """Which frame or page of the file is cut, and how; text is sent without loss, however much of it is ink."""

    index: int
    plan: TilePlan
    is_text: bool = True
