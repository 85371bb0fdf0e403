"""How the model families turn a picture into tokens: the constants; tokens.py does the arithmetic.

Two algorithms only: 512 px tiles and 32 px patches. Every number is documented by OpenAI's "Images and vision" guide
(S1, S2; older constants S3, S4) or was measured against billed usage (S13); the ids are explained in sources.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

Detail = Literal["auto", "low", "high", "original"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRule:
    """Counting by 512 px tiles: base + tiles * tile tokens; `low` costs the base alone; `auto` is billed as high.

    `original` is refused, except where `ignores_original` says that it is accepted and counted as high.
    """

    base: int
    tile: int
    fit_side: int = 2048
    short_side: int = 768
    tile_side: int = 512
    ignores_original: bool = False

    @property
    def grid_side(self) -> int:
        return self.tile_side


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRule:
    """Counting for the image-editing models: always tiled; `high` stands for input_fidelity=high, at a fixed extra.

    `high_extra` is (square, other shapes) in tokens, None where input_fidelity=high is refused or its price unknown.
    """

    tiles: TileRule
    high_extra: tuple[int, int] | None

    @property
    def grid_side(self) -> int:
        return self.tiles.tile_side


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchLimit:
    """The size that one detail level shrinks to: longest side in pixels, then number of patches (None: no limit)."""

    max_side: int
    max_patches: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRule:
    """Counting by 32 px patches times an exact multiplier. `original` is None where the model refuses that detail."""

    multiplier: Fraction
    low: PatchLimit
    high: PatchLimit
    original: PatchLimit | None
    auto: Detail
    reject_above_patches: int | None = None
    patch_side: int = 32

    @property
    def grid_side(self) -> int:
        return self.patch_side


ImageRule = TileRule | PatchRule | EditRule

TILE_85_170 = TileRule(base=85, tile=170)  # GPT-4 family; the 65/129 of the 2023 pages was never billed for it
TILE_2833_5667 = TileRule(base=2833, tile=5667)  # gpt-4o-mini
TILE_75_150 = TileRule(base=75, tile=150)  # o1, o3
TILE_70_140 = TileRule(base=70, tile=140)  # gpt-5
TILE_70_140_ANY = replace(TILE_70_140, ignores_original=True)  # gpt-5.1: `original` accepted and ignored (measured)
TILE_65_129 = TileRule(base=65, tile=129)  # computer-use-preview

EDIT_65_129 = replace(TILE_65_129, short_side=512)
GPT_IMAGE_1 = EditRule(tiles=EDIT_65_129, high_extra=(4160, 6240))
GPT_IMAGE_LATER = EditRule(tiles=EDIT_65_129, high_extra=None)


def same_for_all(max_patches: int, multiplier: str) -> PatchRule:
    """The rule of the families in which low, high and auto are billed alike, after a fit into 2048 px."""
    limit = PatchLimit(max_side=2048, max_patches=max_patches)
    return PatchRule(multiplier=Fraction(multiplier), low=limit, high=limit, original=None, auto="high")


# Multipliers as billed: pages before 2026-07 printed 1.62 and 2.46 for gpt-5-mini and gpt-5-nano, measured 1.2 and 1.5.
PATCH_1536_X_1_2 = same_for_all(1536, "1.2")
PATCH_1536_X_1_5 = same_for_all(1536, "1.5")
PATCH_1536_X_1_72 = same_for_all(1536, "1.72")
PATCH_1536_X_2_46 = same_for_all(1536, "2.46")
PATCH_6144_X_1_2 = same_for_all(6144, "1.2")
PATCH_6144_X_1_62 = same_for_all(6144, "1.62")  # S3 said 1,536; no large measurement settles it

LOW_512 = PatchLimit(max_side=512, max_patches=None)
HIGH_2500 = PatchLimit(max_side=2048, max_patches=2500)
ORIGINAL_10000 = PatchLimit(max_side=6000, max_patches=10_000)
UNBOUNDED = PatchLimit(max_side=65_535, max_patches=None)

PATCH_GPT_5_4 = PatchRule(
    multiplier=Fraction("1.2"),
    low=PatchLimit(max_side=2048, max_patches=6144),  # yes: low may cost more than high
    high=HIGH_2500,
    original=ORIGINAL_10000,
    auto="high",
)
PATCH_GPT_5_5 = replace(PATCH_GPT_5_4, low=LOW_512, auto="original")
PATCH_GPT_5_6 = replace(PATCH_GPT_5_5, original=UNBOUNDED, reject_above_patches=30_000)
PATCH_GPT_6 = replace(PATCH_GPT_5_6, high=PatchLimit(max_side=65_535, max_patches=2500))
