"""What each model can do and how it counts a picture: one dated row per model, looked up by name.

An unknown model is an error that names this file, never a silent default. Prices live in prices.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Detail = Literal["auto", "low", "high", "original"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRule:
    """512 px tiles: base + tiles * tile tokens; `low` costs the base alone; `auto` is billed as high."""

    base: int
    tile: int
    fit_side: int = 2048
    short_side: int = 768
    tile_side: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchLimit:
    """What one detail level shrinks to: longest side in pixels, then number of patches (None = no budget)."""

    max_side: int
    max_patches: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRule:
    """32 px patches times an exact multiplier. `original` is None where the model refuses that detail."""

    multiplier: Fraction
    low: PatchLimit
    high: PatchLimit
    original: PatchLimit | None
    auto: Detail
    reject_above_patches: int | None = None
    patch_side: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model version. Tokens are counts; dates ISO; `aliases` are other names the same version answers to."""

    name: str
    aliases: tuple[str, ...] = ()
    image_rule: TileRule | PatchRule
    image_rule_status: Literal["measured", "documented", "inferred"]
    chat_completions: bool = True
    token_limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    reasoning_efforts: tuple[str, ...] = ()
    system_role: Literal["system", "developer"] = "system"
    json_schema: bool = False
    json_mode_with_images: bool = True
    enhancements: bool = False
    max_images: int = 50
    max_image_bytes: int = 20 * 1024 * 1024
    max_input_tokens: int
    max_output_tokens: int
    image_formats: tuple[str, ...] = ("image/jpeg", "image/png", "image/gif", "image/webp")
