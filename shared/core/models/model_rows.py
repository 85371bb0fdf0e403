"""The model rows: one per model version, gathered on 2026-11-21; catalogue.py looks them up.

To add a model, add a row: its names (its own first), how it counts pictures with the sources that say so,
its window (input, output tokens) and what differs from the defaults of its kind. API parameters: S9, S10, S12;
windows and structured output: S5. Three kinds: `classic` (max_tokens, temperature, system role), `reasoning`
(max_completion_tokens, efforts, developer role) and `edit` (the Images API). The ids S1 … are explained in sources.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.core.models.image_rules import (
    GPT_IMAGE_1,
    GPT_IMAGE_LATER,
    PATCH_1536_X_1_2,
    PATCH_1536_X_1_5,
    PATCH_1536_X_1_72,
    PATCH_1536_X_2_46,
    PATCH_6144_X_1_2,
    PATCH_6144_X_1_62,
    PATCH_GPT_5_4,
    PATCH_GPT_5_5,
    PATCH_GPT_5_6,
    PATCH_GPT_6,
    TILE_65_129,
    TILE_70_140,
    TILE_70_140_ANY,
    TILE_75_150,
    TILE_85_170,
    TILE_2833_5667,
    ImageRule,
)
from shared.core.models.model_types import Model, RuleStatus

WINDOW_128K = (128_000, 16_384)
WINDOW_200K = (200_000, 100_000)
WINDOW_272K = (272_000, 128_000)
WINDOW_922K = (922_000, 128_000)
WINDOW_1050K = (1_050_000, 128_000)
WINDOW_1M = (1_047_576, 32_768)

O_SERIES = ("low", "medium", "high")
GPT_5 = ("minimal", *O_SERIES)
ONLY_HIGH = ("high",)
PRO = ("medium", "high", "xhigh")
LOW_TO_XHIGH = (*O_SERIES, "xhigh")
LOW_TO_MAX = (*LOW_TO_XHIGH, "max")
NONE_TO_HIGH = ("none", *O_SERIES)
NONE_TO_XHIGH = ("none", *LOW_TO_XHIGH)
NONE_TO_MAX = ("none", *LOW_TO_MAX)


@dataclass(frozen=True, slots=True)
class Counting:
    rule: ImageRule | None
    status: RuleStatus
    sources: tuple[str, ...]


def measured(rule: ImageRule, *sources: str) -> Counting:
    return Counting(rule, "measured", sources)


def documented(rule: ImageRule, *sources: str) -> Counting:
    return Counting(rule, "documented", sources)


def inferred(rule: ImageRule, *sources: str) -> Counting:
    """A rule taken from the model's family, because no page and no measurement names this model."""
    return Counting(rule, "inferred", sources)


UNPUBLISHED = Counting(None, "unknown", ("S13",))


def classic(
    names: str,
    counting: Counting,
    window: tuple[int | None, int | None],
    *,
    schema: bool = False,
    chat: bool = True,
) -> Model:
    name, *aliases = names.split()
    return Model(
        name=name,
        aliases=tuple(aliases),
        image_rule=counting.rule,
        image_rule_status=counting.status,
        image_rule_sources=counting.sources,
        max_input_tokens=window[0],
        max_output_tokens=window[1],
        json_schema=schema,
        chat_completions=chat,
    )


def reasoning(
    names: str,
    counting: Counting,
    window: tuple[int, int],
    efforts: tuple[str, ...],
    *,
    default: str | None = None,
    schema: bool = True,
    chat: bool = True,
    temperature_with_none: bool = False,
) -> Model:
    """A row for a reasoning model. `temperature_with_none`: it takes sampling parameters with effort `none` (S12),
    otherwise never.
    """
    return replace(
        classic(names, counting, window, schema=schema, chat=chat),
        token_limit_field="max_completion_tokens",  # noqa: S106 - counts words, no secret
        temperature=False,
        temperature_with_effort_none=temperature_with_none,
        reasoning_efforts=efforts,
        default_effort=default,
        system_role="developer",
    )


def edit(names: str, counting: Counting) -> Model:
    return replace(
        classic(names, counting, (None, None), chat=False),
        responses_api=False,
        temperature=False,
        json_mode_with_images=False,
    )


# The 2023 and 2024 models: 16 output tokens unless the request sets a limit (S10), no JSON mode with pictures on Azure.
VISION_PREVIEW = replace(
    classic(
        "gpt-4-vision-preview gpt-4-1106-vision-preview azure:gpt-4/vision-preview",
        documented(TILE_85_170, "S18", "S8"),
        (128_000, 4_096),
    ),
    responses_api=False,
    json_mode_with_images=False,
    enhancements=True,
    azure_default_max_tokens=16,
)
TURBO = replace(
    classic(
        "gpt-4-turbo-2024-04-09 gpt-4-turbo azure:gpt-4/turbo-2024-04-09",
        measured(TILE_85_170, "S8", "S13"),
        (128_000, 4_096),
    ),
    json_mode_with_images=False,
    azure_default_max_tokens=16,
)

# A model of your own behind an OpenAI-compatible server: nothing is known about it except that nobody sends a bill.
LOCAL_MODEL = classic("local", Counting(None, "unknown", ()), (None, None), schema=True)

MODELS: tuple[Model, ...] = (
    VISION_PREVIEW,
    TURBO,
    classic("gpt-4.5-preview gpt-4.5-preview-2025-02-27", measured(TILE_85_170, "S4", "S13"), WINDOW_128K),
    classic("gpt-4o-2024-05-13", measured(TILE_85_170, "S1", "S13"), (128_000, 4_096)),
    classic("gpt-4o-2024-08-06 gpt-4o", measured(TILE_85_170, "S1", "S13"), WINDOW_128K, schema=True),
    classic("gpt-4o-2024-11-20", measured(TILE_85_170, "S1", "S13"), WINDOW_128K, schema=True),
    classic("chatgpt-4o-latest", inferred(TILE_85_170, "S1"), WINDOW_128K),
    classic(
        "gpt-4o-mini-2024-07-18 gpt-4o-mini", measured(TILE_2833_5667, "S1", "S8", "S13"), WINDOW_128K, schema=True
    ),
    classic("gpt-4.1-2025-04-14 gpt-4.1", measured(TILE_85_170, "S1", "S13"), WINDOW_1M, schema=True),
    classic("gpt-4.1-mini-2025-04-14 gpt-4.1-mini", documented(PATCH_6144_X_1_62, "S1", "S3"), WINDOW_1M, schema=True),
    classic(
        "gpt-4.1-nano-2025-04-14 gpt-4.1-nano", measured(PATCH_1536_X_2_46, "S1", "S3", "S13"), WINDOW_1M, schema=True
    ),
    reasoning("o1-2024-12-17 o1", documented(TILE_75_150, "S1", "S13"), WINDOW_200K, O_SERIES),
    reasoning("o1-pro-2025-03-19 o1-pro", documented(TILE_75_150, "S1"), WINDOW_200K, O_SERIES, chat=False),
    reasoning("o3-2025-04-16 o3", measured(TILE_75_150, "S1", "S13"), WINDOW_200K, O_SERIES),
    reasoning("o3-pro-2025-06-10 o3-pro", inferred(TILE_75_150, "S3"), WINDOW_200K, O_SERIES, chat=False),
    reasoning("o4-mini-2025-04-16 o4-mini", documented(PATCH_1536_X_1_72, "S1", "S3"), WINDOW_200K, O_SERIES),
    classic(
        "computer-use-preview computer-use-preview-2025-03-11",
        documented(TILE_65_129, "S3"),
        (8_192, 1_024),
        chat=False,
    ),
    reasoning("gpt-5-2025-08-07 gpt-5", documented(TILE_70_140, "S1"), WINDOW_272K, GPT_5),
    reasoning("gpt-5-mini-2025-08-07 gpt-5-mini", measured(PATCH_1536_X_1_2, "S1", "S13"), WINDOW_272K, GPT_5),
    reasoning("gpt-5-nano-2025-08-07 gpt-5-nano", measured(PATCH_1536_X_1_5, "S1", "S13"), WINDOW_272K, GPT_5),
    classic("gpt-5-chat-latest gpt-5-chat", documented(TILE_70_140, "S3"), WINDOW_128K, schema=True),
    reasoning("gpt-5-pro-2025-10-06 gpt-5-pro", inferred(TILE_70_140), WINDOW_272K, ONLY_HIGH, chat=False),
    reasoning("gpt-5-codex", inferred(TILE_70_140), WINDOW_272K, O_SERIES, chat=False),
    reasoning(
        "gpt-5.1-2025-11-13 gpt-5.1", measured(TILE_70_140_ANY, "S1", "S13"), WINDOW_272K, NONE_TO_HIGH, default="none"
    ),
    reasoning("gpt-5.1-codex gpt-5.1-codex-2025-11-13", inferred(TILE_70_140), WINDOW_272K, NONE_TO_HIGH, chat=False),
    reasoning(
        "gpt-5.1-codex-mini gpt-5.1-codex-mini-2025-11-13",
        inferred(PATCH_1536_X_1_2, "S3"),
        WINDOW_272K,
        NONE_TO_HIGH,
        chat=False,
    ),
    reasoning(
        "gpt-5.1-codex-max gpt-5.1-codex-max-2025-12-04", inferred(TILE_70_140), WINDOW_272K, NONE_TO_XHIGH, chat=False
    ),
    reasoning("gpt-5.2-2025-12-11 gpt-5.2", measured(PATCH_6144_X_1_2, "S1", "S13"), WINDOW_272K, NONE_TO_XHIGH),
    classic("gpt-5.2-chat-latest gpt-5.2-chat", inferred(PATCH_1536_X_1_2, "S3"), WINDOW_128K, schema=True),
    reasoning(
        "gpt-5.2-codex gpt-5.2-codex-2026-01-14",
        inferred(PATCH_1536_X_1_2, "S3"),
        WINDOW_272K,
        LOW_TO_XHIGH,
        chat=False,
    ),
    reasoning("gpt-5.2-pro-2025-12-11 gpt-5.2-pro", inferred(PATCH_6144_X_1_2), WINDOW_272K, PRO, chat=False),
    reasoning(
        "gpt-5.3-codex gpt-5.3-codex-2026-02-24",
        measured(PATCH_1536_X_1_2, "S3", "S13"),
        WINDOW_272K,
        LOW_TO_XHIGH,
        chat=False,
    ),
    reasoning(
        "gpt-5.4-2026-03-05 gpt-5.4", measured(PATCH_GPT_5_4, "S1", "S13"), WINDOW_922K, NONE_TO_XHIGH, default="none"
    ),
    reasoning("gpt-5.4-mini-2026-03-17 gpt-5.4-mini", measured(PATCH_GPT_5_4, "S1", "S13"), WINDOW_272K, NONE_TO_XHIGH),
    reasoning("gpt-5.4-nano-2026-03-17 gpt-5.4-nano", measured(PATCH_GPT_5_4, "S1", "S13"), WINDOW_272K, NONE_TO_XHIGH),
    reasoning(
        "gpt-5.4-pro-2026-03-05 gpt-5.4-pro", inferred(PATCH_GPT_5_4), WINDOW_922K, PRO, schema=False, chat=False
    ),
    reasoning(
        "gpt-5.5-2026-04-23 gpt-5.5 azure:gpt-5.5/2026-04-24",
        measured(PATCH_GPT_5_5, "S1", "S13"),
        WINDOW_922K,
        NONE_TO_XHIGH,
    ),
    reasoning(
        "gpt-5.5-pro-2026-04-23 gpt-5.5-pro", inferred(PATCH_GPT_5_5), WINDOW_1050K, PRO, schema=False, chat=False
    ),
    reasoning(
        "gpt-5.6-sol gpt-5.6 gpt-5.6-sol-2026-07-09",
        documented(PATCH_GPT_5_6, "S1"),
        WINDOW_922K,
        NONE_TO_MAX,
        default="medium",
        temperature_with_none=True,
    ),
    reasoning(
        "gpt-5.6-terra gpt-5.6-terra-2026-07-09",
        documented(PATCH_GPT_5_6, "S1"),
        WINDOW_922K,
        NONE_TO_MAX,
        default="medium",
        temperature_with_none=True,
    ),
    reasoning(
        "gpt-5.6-luna gpt-5.6-luna-2026-07-09",
        documented(PATCH_GPT_5_6, "S1"),
        WINDOW_922K,
        NONE_TO_MAX,
        default="medium",
        temperature_with_none=True,
    ),
    reasoning("gpt-6-astra gpt-6-astra-2026-09-03", documented(PATCH_GPT_6, "S1"), WINDOW_922K, LOW_TO_MAX),
    reasoning(
        "gpt-6-sol gpt-6-sol-2026-09-22",
        inferred(PATCH_GPT_6),
        WINDOW_922K,
        NONE_TO_MAX,
        default="medium",
        temperature_with_none=True,
    ),
    reasoning(
        "gpt-6-luna gpt-6-luna-2026-09-22",
        inferred(PATCH_GPT_6),
        WINDOW_922K,
        NONE_TO_MAX,
        default="medium",
        temperature_with_none=True,
    ),
    reasoning(
        "gpt-6.1-sol gpt-6.1-sol-2026-09-29", inferred(PATCH_GPT_6, "S17"), WINDOW_922K, LOW_TO_MAX, default="medium"
    ),
    reasoning("gpt-6.1-terra", inferred(PATCH_GPT_6), WINDOW_922K, LOW_TO_MAX),
    reasoning("gpt-6.2-sol", inferred(PATCH_GPT_6), WINDOW_922K, LOW_TO_MAX),
    edit("gpt-image-1 gpt-image-1-2025-04-15", measured(GPT_IMAGE_1, "S1", "S13")),
    edit("gpt-image-1-mini gpt-image-1-mini-2025-10-06", inferred(GPT_IMAGE_LATER)),
    edit("gpt-image-1.5 gpt-image-1.5-2025-12-16", measured(GPT_IMAGE_LATER, "S13")),
    edit("gpt-image-2 gpt-image-2-2026-04-21", UNPUBLISHED),
    edit("gpt-image-2.5-sunburst gpt-image-2.5-sunburst-2026-09-08", UNPUBLISHED),
    LOCAL_MODEL,
)
