"""What a question will cost, before it is asked: the least without an answer, and the most with a full one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shared.core.models import Model, host_limits
from shared.core.options import Options
from shared.core.parts import calls
from shared.core.prices import cost
from shared.core.result import Estimate, Normalized, Turn
from shared.core.tokens import Usage, image_tokens, text_tokens
from shared.pipeline.ports import Services


def estimate(
    services: Services,
    model: Model,
    options: Options,
    pictures: tuple[Normalized, ...],
    turns: tuple[Turn, ...] = (),
) -> Estimate:
    if model.image_rule is None:
        return Estimate(image_tokens=None, input_tokens=None, usd=None, max_usd=None)  # the reply's usage will say
    images = sum(
        image_tokens(model, width=picture.width, height=picture.height, detail=options.detail).tokens
        for picture in pictures
    )
    said = [options.prompt, options.system or "", *(part for turn in turns for part in (turn.prompt, turn.answer))]
    text = sum(text_tokens(part) for part in said)
    requests = calls(len(pictures), min(model.max_images, host_limits(services.settings.endpoint.kind).images))
    text *= requests
    usage = Usage(input_tokens=images + text, output_tokens=0, image_tokens=images)
    usd = price(services, model, usage)
    said_about_parts = (requests - 1) * options.max_output_tokens
    longest = replace(
        usage,
        input_tokens=usage.input_tokens + said_about_parts,
        output_tokens=said_about_parts + options.max_output_tokens,
    )
    max_usd = price(services, model, longest)
    return Estimate(image_tokens=images, input_tokens=images + text, usd=usd, max_usd=max_usd)


def price(services: Services, model: Model, usage: Usage) -> Decimal:
    return cost(model, usage, on=services.now().date(), scope=services.settings.price_scope).usd
