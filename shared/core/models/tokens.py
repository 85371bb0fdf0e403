"""How many tokens a picture costs, before anything is sent, and which size to send instead.

Picture size -> the size that the model sees (image_grid.py) -> tiles or patches -> tokens, by the rule of the model's
row. picture_plan.py asks for the size to send, the pipeline and `./visiondrop estimate` for the cost (prices.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from shared.core.errors import CapabilityMissing, SourceRejected
from shared.core.models.image_grid import Size, ceil_div, cells, fit_budget, fit_short_side, fit_side
from shared.core.models.image_rules import Detail, EditRule, ImageRule, PatchLimit, PatchRule, TileRule
from shared.core.models.model_types import Model
from shared.core.models.text_tokens import text_tokens

__all__ = ["BestSize", "ImageTokens", "Usage", "best_size", "image_tokens", "largest_accepted", "text_tokens"]

MAX_LOSS = Fraction(6, 100)  # enough for an A4 scan to drop a column of tiles (5.7 %), too little to blur small print
UNKNOWN_RULE_SIDE = 2048  # as the hosted models shrink at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one answer. Input includes cached, cache-write and picture tokens; output includes reasoning tokens."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    image_tokens: int | None = None
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTokens:
    """The tokens of one picture. `detail` is the one that is billed, never `auto`; `tiles` or `patches` is None for the
    other kind of rule.
    """

    tokens: int
    tiles: int | None = None
    patches: int | None = None
    seen_width: int
    seen_height: int
    detail: Detail


@dataclass(frozen=True, slots=True, kw_only=True)
class BestSize:
    """The size in pixels to send. `scale` is how much of each side of what the model would have seen is left: 1 means
    that nothing is lost.

    `tokens` is 0 where no rule is known.
    """

    width: int
    height: int
    tokens: int
    saved_tokens: int
    scale: Fraction


def image_tokens(model: Model, *, width: int, height: int, detail: Detail) -> ImageTokens:
    """The tokens that `model` bills for one picture of this size, orientation applied. Raises SourceRejected or
    CapabilityMissing for what it does not take.
    """
    if width < 1 or height < 1:
        raise SourceRejected(f"a picture of {width}x{height} pixels is empty", code="empty")
    size, rule = (width, height), _rule(model)
    if isinstance(rule, TileRule):
        return _tiled(model, rule, size, detail)
    if isinstance(rule, EditRule):
        return _edited(model, rule, size, detail)
    return _patched(model, rule, size, detail)


def largest_accepted(model: Model, *, width: int, height: int, detail: Detail) -> Size:
    """The size itself, or the largest one of its shape that is not rejected for its number of patches."""
    rule = model.image_rule
    if not isinstance(rule, PatchRule) or rule.reject_above_patches is None:
        return width, height
    seen = _fit_patches((width, height), _limit(model, rule, detail), rule.patch_side)
    if cells(seen, rule.patch_side) <= rule.reject_above_patches:
        return width, height
    return fit_budget(seen, rule.reject_above_patches, rule.patch_side)


def best_size(
    model: Model, *, width: int, height: int, detail: Detail, max_loss: Fraction | float = MAX_LOSS
) -> BestSize:
    """The size to send: what the model would see anyway, or slightly less where that saves more than it loses.

    A side just above a multiple of the grid pays for an almost empty row of tiles or patches. Shrinking to the grid is
    offered if it costs at most `max_loss` of each side and saves a larger share of the tokens than of the pixels:
    twice as large for a picture that would have reached the model pixel by pixel, for resampling blurs small print.
    A size that would itself be shrunk again is not offered, so the best size of the result is the result.
    """
    if model.image_rule is None:
        return _without_a_rule((width, height))
    asked = image_tokens(model, width=width, height=height, detail=detail)
    seen = asked.seen_width, asked.seen_height
    worth = 2 if seen == (width, height) else 1
    best, tokens = seen, image_tokens(model, width=seen[0], height=seen[1], detail=detail).tokens
    for size in _shrunk_to_grid(seen, _rule(model).grid_side):
        fewer = image_tokens(model, width=size[0], height=size[1], detail=detail).tokens
        lost_pixels = 1 - Fraction(size[0] * size[1], seen[0] * seen[1])
        if _scale(size, seen) < 1 - max_loss or 1 - Fraction(fewer, asked.tokens) <= worth * lost_pixels:
            continue
        again = best_size(model, width=size[0], height=size[1], detail=detail, max_loss=max_loss)
        if fewer < tokens and (again.width, again.height) == size:
            best, tokens = size, fewer
    return BestSize(
        width=best[0],
        height=best[1],
        tokens=tokens,
        saved_tokens=asked.tokens - tokens,
        scale=_scale(best, seen),
    )


def _without_a_rule(size: Size) -> BestSize:
    """The size for a model on one's own machine: what it sees is not published, and large pictures only make it
    slow.
    """
    width, height = fit_side(size, UNKNOWN_RULE_SIDE)
    return BestSize(width=width, height=height, tokens=0, saved_tokens=0, scale=_scale((width, height), size))


def _rule(model: Model) -> ImageRule:
    if model.image_rule is None:
        raise CapabilityMissing(
            f"nobody has published how {model.name} counts a picture",
            hint="The reply's usage will say; to estimate before, add its rule to shared/core/models/model_rows.py.",
        )
    return model.image_rule


def _tiled(model: Model, rule: TileRule, size: Size, detail: Detail) -> ImageTokens:
    if detail == "original" and not rule.ignores_original:
        raise _original_refused(model)
    if detail == "low":
        width, height = fit_side(size, rule.tile_side)
        return ImageTokens(tokens=rule.base, tiles=0, seen_width=width, seen_height=height, detail="low")
    width, height = seen = fit_short_side(fit_side(size, rule.fit_side), rule.short_side)
    tiles = cells(seen, rule.tile_side)
    tokens = rule.base + tiles * rule.tile
    return ImageTokens(tokens=tokens, tiles=tiles, seen_width=width, seen_height=height, detail="high")


def _edited(model: Model, rule: EditRule, size: Size, detail: Detail) -> ImageTokens:
    counted = _tiled(model, rule.tiles, size, "original" if detail == "original" else "high")
    if detail != "high":
        return replace(counted, detail="low")  # input_fidelity is low unless asked for
    if rule.high_extra is None:
        raise CapabilityMissing(
            f"no price is known for input_fidelity=high on {model.name}", hint="Use detail low, or gpt-image-1."
        )
    square, oblong = rule.high_extra
    return replace(counted, tokens=counted.tokens + (square if size[0] == size[1] else oblong))


def _patched(model: Model, rule: PatchRule, size: Size, detail: Detail) -> ImageTokens:
    billed = rule.auto if detail == "auto" else detail
    width, height = seen = _fit_patches(size, _limit(model, rule, billed), rule.patch_side)
    patches = cells(seen, rule.patch_side)
    if rule.reject_above_patches is not None and patches > rule.reject_above_patches:
        raise _too_many_patches(model, size, billed, patches)
    tokens = ceil_div(patches * rule.multiplier.numerator, rule.multiplier.denominator)
    return ImageTokens(tokens=tokens, patches=patches, seen_width=width, seen_height=height, detail=billed)


def _limit(model: Model, rule: PatchRule, detail: Detail) -> PatchLimit:
    by_detail = {"low": rule.low, "high": rule.high, "original": rule.original}
    limit = by_detail[rule.auto if detail == "auto" else detail]
    if limit is None:
        raise _original_refused(model)
    return limit


def _fit_patches(size: Size, limit: PatchLimit, side: int) -> Size:
    fitted = fit_side(size, limit.max_side)
    return fitted if limit.max_patches is None else fit_budget(fitted, limit.max_patches, side)


def _scale(size: Size, seen: Size) -> Fraction:
    return min(Fraction(size[0], seen[0]), Fraction(size[1], seen[1]))


def _shrunk_to_grid(seen: Size, side: int) -> list[Size]:
    """The largest smaller sizes of the same shape that end on a grid line, in one direction or the other."""
    width, height = seen
    columns, rows = width // side * side, height // side * side
    by_column = columns, columns * height // width
    by_row = rows * width // height, rows
    return [size for size in (by_column, by_row) if min(size) >= 1 and size != seen]


def _original_refused(model: Model) -> CapabilityMissing:
    return CapabilityMissing(
        f"{model.name} has no detail 'original'", hint="Use detail high: it is the most this model can see."
    )


def _too_many_patches(model: Model, size: Size, detail: Detail, patches: int) -> SourceRejected:
    width, height = largest_accepted(model, width=size[0], height=size[1], detail=detail)
    return SourceRejected(
        f"{model.name} refuses {size[0]}x{size[1]} pixels at detail {detail}: {patches} patches",
        code="too_large",
        hint=f"Use detail high, or send at most {width}x{height}.",
    )
