"""The bill of a video prompt on GPT-4 Turbo with Vision (2023-12, ended 2025): the video index finds 20 frames.

Frames cost the `low` base each. The prompt is charged twice, once as text and once with 700 more tokens for finding the
frames. Microsoft's own example (S18): 3 minutes, 100 tokens each of prompt, transcript and answer are $0.03025,
and $0.15 once for the index. The pipeline reserves this bill for a video whose option `video` is `index`.
"""

from __future__ import annotations

from datetime import date

from shared.core.models.model_types import Model
from shared.core.models.tokens import Usage, image_tokens
from shared.core.money.prices import Cost, cost, sum_costs, unit_cost

PROMPT_FRAMES = 20
FRAME_SEARCH_TOKENS = 700  # "roughly", by the page


def video_prompt_cost(
    model: Model, *, prompt_tokens: int, transcript_tokens: int, output_tokens: int, on: date, scope: str = "global"
) -> Cost:
    """The dollars in the order of Microsoft's table: text, finding the frames and its query, frames with transcript,
    answer. Raises PriceMissing.
    """

    def tokens(read: int, written: int = 0) -> Cost:
        return cost(model, Usage(input_tokens=read, output_tokens=written), on=on, scope=scope)

    return sum_costs(
        tokens(prompt_tokens),
        tokens(prompt_tokens + FRAME_SEARCH_TOKENS),
        unit_cost("video index query", 1, on=on),
        tokens(PROMPT_FRAMES * frame_tokens(model) + transcript_tokens),
        tokens(0, output_tokens),
    )


def frame_tokens(model: Model) -> int:
    """The tokens of the frames that the service chooses itself, whatever was sampled here; it looks at them at detail
    `low`.
    """
    return image_tokens(model, width=512, height=512, detail="low").tokens
